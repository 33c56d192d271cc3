/**
 * Stands in for `@modelcontextprotocol/client` in the built panel: JSON-RPC between view and host,
 * with time limits and progress. The library's own layer also knows HTTP, sign-in and schemas.
 */

type Id = string | number;

interface Message {
  jsonrpc: "2.0";
  id?: Id;
  method?: string;
  params?: Record<string, unknown>;
  result?: unknown;
  error?: { code: number; message: string };
}

export interface Transport {
  start(): Promise<void>;
  send(message: unknown): Promise<void>;
  close(): Promise<void>;
  onmessage?: (message: Message) => void;
  onclose?: () => void;
}

export interface RequestOptions {
  timeout?: number;
  resetTimeoutOnProgress?: boolean;
  onprogress?: (progress: { progress: number; total?: number; message?: string }) => void;
}

/** The host responded with an error. */
export class RpcError extends Error {
  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
  }
}

type Handler = (params: Record<string, unknown>, extra: unknown) => unknown;

interface Waiting {
  settle(message: Message): void;
  fail(error: Error): void;
  progress(params: Record<string, unknown>): void;
}

const USUAL_TIMEOUT = 60_000;
const METHOD_NOT_FOUND = -32601;
const INTERNAL_ERROR = -32603;

export class Protocol {
  transport: Transport | undefined;
  private lastId = 0;
  private readonly waiting = new Map<Id, Waiting>();
  private readonly requests = new Map<string, Handler>();
  private readonly notifications = new Map<string, Handler>();

  constructor(_options?: unknown) {}

  setRequestHandler(method: string, ...rest: unknown[]): void {
    this.requests.set(method, rest.at(-1) as Handler);
  }

  setNotificationHandler(method: string, ...rest: unknown[]): void {
    this.notifications.set(method, rest.at(-1) as Handler);
  }

  removeRequestHandler(method: string): void {
    this.requests.delete(method);
  }

  removeNotificationHandler(method: string): void {
    this.notifications.delete(method);
  }

  async connect(transport: Transport): Promise<void> {
    this.transport = transport;
    transport.onmessage = (message) => this.receive(message);
    transport.onclose = () => this.closed();
    await transport.start();
  }

  async close(): Promise<void> {
    await this.transport?.close();
  }

  async notification(message: { method: string; params?: unknown }): Promise<void> {
    await this.send({ ...message });
  }

  /** A request; the last argument holds the options, a schema before it is ignored. */
  request(message: { method: string; params?: object }, ...rest: unknown[]): Promise<unknown> {
    const options = (rest.at(-1) ?? {}) as RequestOptions;
    const id = ++this.lastId;
    const params = { ...message.params, ...(options.onprogress && { _meta: { progressToken: id } }) };
    return new Promise((resolve, reject) => {
      let timer = 0;
      const end = (): void => {
        window.clearTimeout(timer);
        this.waiting.delete(id);
      };
      const fail = (error: Error): void => {
        end();
        reject(error);
      };
      const wait = (): void => {
        window.clearTimeout(timer);
        timer = window.setTimeout(() => {
          void this.notification({
            method: "notifications/cancelled",
            params: { requestId: id, reason: "no response in time" },
          });
          fail(new Error("The host did not respond in time"));
        }, options.timeout ?? USUAL_TIMEOUT);
      };
      this.waiting.set(id, {
        fail,
        settle(response) {
          end();
          if (response.error) reject(new RpcError(response.error.code, response.error.message));
          else resolve(response.result);
        },
        progress(at) {
          if (options.resetTimeoutOnProgress) wait();
          options.onprogress?.(at as { progress: number });
        },
      });
      wait();
      this.send({ id, method: message.method, params }).catch(fail);
    });
  }

  private async send(message: object): Promise<void> {
    if (!this.transport) throw new Error("Not connected");
    await this.transport.send({ jsonrpc: "2.0", ...message });
  }

  private receive(message: Message): void {
    if (message.method === undefined) {
      this.waiting.get(message.id ?? -1)?.settle(message);
    } else if (message.id !== undefined) {
      void this.respond(message.id, message.method, message.params ?? {});
    } else if (message.method === "notifications/progress") {
      const params = message.params ?? {};
      this.waiting.get(params["progressToken"] as Id)?.progress(params);
    } else {
      void this.notifications.get(message.method)?.(message.params ?? {}, {});
    }
  }

  private async respond(id: Id, method: string, params: Record<string, unknown>): Promise<void> {
    const handler = this.requests.get(method);
    if (!handler) {
      await this.send({ id, error: { code: METHOD_NOT_FOUND, message: "Method not found" } });
      return;
    }
    try {
      await this.send({ id, result: (await handler(params, {})) ?? {} });
    } catch {
      await this.send({ id, error: { code: INTERNAL_ERROR, message: "The view failed" } });
    }
  }

  private closed(): void {
    this.transport = undefined;
    for (const each of [...this.waiting.values()]) each.fail(new Error("The connection was closed"));
  }
}
