/** What an examination found. */
export type Finding =
	| { readonly state: "ok" | "skipped"; readonly says: string }
	| {
			readonly state: "wrong";
			readonly says: string;
			/** What to do about it, in one sentence. */
			readonly remedy: string;
			readonly details?: readonly string[];
	  };

/** The findings of an examination, and what later ones need of it. */
export interface Examined<Value = undefined> {
	readonly findings: readonly Finding[];
	/** Undefined where it was not to be had. */
	readonly value?: Value | undefined;
}

export function ok(says: string): Finding {
	return { state: "ok", says };
}

/** An examination that cannot be made, and why. */
export function skipped(says: string): Finding {
	return { state: "skipped", says };
}

export function wrong(says: string, remedy: string, details: readonly string[] = []): Finding {
	return { state: "wrong", says, remedy, ...(details.length > 0 && { details }) };
}
