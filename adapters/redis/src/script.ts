import { hash } from "node:crypto";

/** A script in Lua, which Redis runs as one step. */
export interface Script {
	readonly text: string;
	/** By which Redis knows it once it has run. */
	readonly sha: string;
}

export function script(text: string): Script {
	return { text, sha: hash("sha1", text) };
}
