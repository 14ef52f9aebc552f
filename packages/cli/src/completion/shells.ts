/** The shells that there is a script for. */
export const shells: readonly ["bash", "zsh", "fish"] = ["bash", "zsh", "fish"];

/** A shell that there is a script for. */
export type Shell = (typeof shells)[number];
