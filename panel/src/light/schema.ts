/**
 * Stands in for `zod/v4` in the built panel: a validation library and its translations would be
 * three times the size that the panel may have.
 *
 * The view library describes the host's messages with these schemas but leaves checking them to
 * the protocol layer, and ours does not check them. What the panel shows is checked by `results.ts`.
 */

export interface Schema {
  readonly shape?: Record<string, Schema>;
  readonly value?: unknown;
  describe(text?: string): Schema;
  optional(): Schema;
  passthrough(): Schema;
  and(other: Schema): Schema;
}

function schema(known: { shape?: Record<string, Schema>; value?: unknown } = {}): Schema {
  const self: Schema = {
    ...known,
    describe: () => self,
    optional: () => self,
    passthrough: () => self,
    and: () => self,
  };
  return self;
}

const anything = (): Schema => schema();

export const z = {
  object: (shape: Record<string, Schema>): Schema => schema({ shape }),
  literal: (value: unknown): Schema => schema({ value }),
  any: anything,
  array: anything,
  boolean: anything,
  never: anything,
  number: anything,
  optional: anything,
  record: anything,
  string: anything,
  undefined: anything,
  union: anything,
  unknown: anything,
  config: (): void => undefined,
};
