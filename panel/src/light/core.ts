/** Stands in for `@modelcontextprotocol/core` in the built panel: see `schema.ts`. */

import { z } from "./schema";

export const CallToolResultSchema = z.any();
export const ContentBlockSchema = z.any();
export const EmbeddedResourceSchema = z.any();
export const EmptyResultSchema = z.any();
export const ImplementationSchema = z.any();
export const RequestIdSchema = z.any();
export const ResourceLinkSchema = z.any();
export const ToolSchema = z.any();

/** Lets through what is a JSON-RPC message at all, and nothing else that is posted to the page. */
export const JSONRPCMessageSchema = {
  safeParse(data: unknown): { success: boolean; data?: unknown; error?: Error } {
    const message = data as Record<string, unknown> | null;
    const isMessage =
      typeof message === "object" &&
      message !== null &&
      message["jsonrpc"] === "2.0" &&
      (typeof message["method"] === "string" || "id" in message);
    return isMessage
      ? { success: true, data }
      : { success: false, error: new Error("not a JSON-RPC message") };
  },
};
