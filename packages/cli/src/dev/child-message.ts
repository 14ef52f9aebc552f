/** A message from a child process to `allium dev`, over the channel between them. */
export type ChildMessage =
	/** The child loads a module of the project. */
	| { readonly allium: "module"; readonly path: string }
	/** The child's app is up and registered. */
	| { readonly allium: "ready"; readonly addresses: readonly string[] }
	/** Something failed because another process has the port. */
	| { readonly allium: "port-taken" };

/** The environment variable that tells a child which process to report to. */
export const parentVariable = "ALLIUM_DEV_PARENT";

/** The channel of `node:diagnostics_channel` on which an app reports that it is ready. */
export const readyChannel = "allium:app:ready";

/** The channel of `node:diagnostics_channel` on which an app reports why it cannot start. */
export const failedChannel = "allium:app:failed";

/** Returns whether a message on the channel is a {@link ChildMessage}. */
export function isChildMessage(message: unknown): message is ChildMessage {
	return typeof message === "object" && message !== null && "allium" in message;
}
