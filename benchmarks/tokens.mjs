// Counts o200k tokens of each line of standard input. Used by tokens.py.
import { createInterface } from "node:readline";
import { encode } from "gpt-tokenizer/encoding/o200k_base";

for await (const line of createInterface({ input: process.stdin })) {
  console.log(encode(JSON.parse(line)).length);
}
