/** The shells that have a completion script. */
export const shells: readonly ["bash", "zsh", "fish"] = ["bash", "zsh", "fish"];

/** A shell that has a completion script. */
export type Shell = (typeof shells)[number];
