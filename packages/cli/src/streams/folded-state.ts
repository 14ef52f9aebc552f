import { errorText } from "@allium/core";
import type { StreamEvent } from "@allium/core/store";
import { type AnyDecider, evolvedByStored } from "@allium/events";
import { usageError } from "../command/command-error.ts";
import { moduleExports } from "../command/module-exports.ts";

/** The state of a stream, folded by the decider that a module exports. */
export class FoldedState {
	readonly #stream: string;
	readonly #decider: AnyDecider;
	#state: unknown;

	private constructor(stream: string, decider: AnyDecider) {
		this.#stream = stream;
		this.#decider = decider;
		this.#state = decider.initial;
	}

	/**
	 * The state before the first event. If the module exports several deciders, the name of the stream selects one.
	 *
	 * @param file the module, as the user wrote it.
	 * @throws CommandError when the module cannot be loaded, or has no such decider.
	 */
	static async of(stream: string, file: string, cwd: string): Promise<FoldedState> {
		const deciders = await decidersIn(file, cwd);
		const [name = ""] = stream.split("/");
		const decider = deciders.find((each) => each.name === name);
		if (decider !== undefined) return new FoldedState(stream, decider);
		const exported = deciders.map((each) => each.name).join(", ");
		throw usageError(
			exported === ""
				? `${file} exports no decider.`
				: `${file} exports no decider called ${name}, which the stream ${stream} is named after; it exports ${exported}.`,
			["--decider takes a module that exports what decider() returns."],
		);
	}

	/** Folds the next events. */
	async addAll(events: readonly StreamEvent[]): Promise<void> {
		for (const stored of events) {
			this.#state = await evolvedByStored(this.#decider, this.#state, this.#stream, stored);
		}
	}

	/** The state after the events so far. */
	get state(): unknown {
		return this.#state;
	}
}

/** Turns values that JSON does not have into the closest ones, for `JSON.stringify`: a map into its entries. */
export function plain(_name: string, value: unknown): unknown {
	if (value instanceof Map || value instanceof Set) return [...value];
	return typeof value === "bigint" ? String(value) : value;
}

async function decidersIn(file: string, cwd: string): Promise<AnyDecider[]> {
	try {
		return (await moduleExports(file, cwd)).filter(isDecider);
	} catch (error) {
		throw usageError(`${file} cannot be loaded: ${errorText(error)}.`, [
			"--decider takes a module that exports what decider() returns.",
		]);
	}
}

function isDecider(value: unknown): value is AnyDecider {
	if (typeof value !== "object" || value === null || !("~allium" in value)) return false;
	const functions = value["~allium"];
	return (
		typeof functions === "object" && functions !== null && "decide" in functions && "evolve" in functions
	);
}
