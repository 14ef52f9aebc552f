/** A message of a child process to `allium dev`, over the channel between them. */
export type ChildMessage =
	/** It loads a module of the project. */
	| { readonly allium: "module"; readonly path: string }
	/** Its app is up and registered. */
	| { readonly allium: "ready"; readonly addresses: readonly string[] }
	/** Something failed because another process has the port. */
	| { readonly allium: "port-taken" };

/** The variable that tells a child which process it reports to. */
export const parentVariable = "ALLIUM_DEV_PARENT";

/** The channel of `node:diagnostics_channel` on which an app says that it is ready. */
export const readyChannel = "allium:app:ready";

/** The channel of `node:diagnostics_channel` on which an app says why it cannot start. */
export const failedChannel = "allium:app:failed";

/** Whether a message on the channel is one of ours. */
export function isChildMessage(message: unknown): message is ChildMessage {
	return typeof message === "object" && message !== null && "allium" in message;
}
