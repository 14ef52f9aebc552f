import type { Context } from "@allium/core";
import type { Broker, GroupState, Log } from "@allium/core/event";
import { maskUrl, openBroker, within } from "@allium/node";
import { type AskedBackend, answered } from "../command/answered.ts";
import type { Surroundings, Words } from "../command/command.ts";
import { CommandError } from "../command/command-error.ts";
import { exitCode } from "../command/exit-code.ts";
import { configOf } from "../discovery/directory.ts";

/** How long it may take to close, in milliseconds. */
const closeMs = 2_000;

/** The broker for the commands, which create neither topics nor groups. */
export class OpenedBroker {
	readonly broker: Broker;
	/** The URL of the broker, without secrets. */
	readonly url: string;

	constructor(broker: Broker, url: string) {
		this.broker = broker;
		this.url = url;
	}

	/** Opens the broker that `--broker` names, or that the environment names as for an app. */
	static async open(words: Words, { env, cwd, adapters }: Surroundings): Promise<OpenedBroker> {
		const { backends, namespace } = configOf(words, env);
		const choice = backends.broker;
		const url = maskUrl(choice.url);
		const opening = openBroker(choice, { adapters, namespace, cwd });
		try {
			const broker = await answered(asked(url), () => opening);
			return new OpenedBroker(broker, broker.location ?? url);
		} catch (error) {
			// If the broker opens too late, no command uses it.
			opening.then((broker) => broker.close()).catch(() => {});
			throw error;
		}
	}

	/**
	 * The log of the broker.
	 *
	 * @throws CommandError if the broker has none that could be read.
	 */
	get log(): Log {
		const { log } = this.broker;
		if (log !== undefined) return log;
		throw this.#lacks("keeps no events once they are handled, so that none can be listed or read again", [
			"allium events publish works; allium parked list <topic> <group> shows what is parked, where it can park.",
		]);
	}

	/**
	 * The state of the broker's groups.
	 *
	 * @throws CommandError if the broker has none that could be read.
	 */
	get state(): GroupState {
		const { state } = this.broker;
		if (state !== undefined) return state;
		throw this.#lacks("keeps no state of groups that could be read or changed", [
			"allium health shows how the groups of each instance are doing.",
			"allium parked list, replay and discard work with a <topic> and a <group>, where the broker can park.",
		]);
	}

	/**
	 * Sends a request to the broker, and waits for the answer.
	 *
	 * @param limitMs how long at most, in milliseconds. Default: ten seconds.
	 */
	ask<T>(run: (ctx: Context) => Promise<T>, limitMs?: number): Promise<T> {
		return answered(asked(this.url), run, limitMs);
	}

	/** Closes the broker, and gives up when that takes too long. */
	async close(): Promise<void> {
		await within(closeMs, this.broker.close()).catch(() => {});
	}

	#lacks(what: string, hints: readonly string[]): CommandError {
		return new CommandError(`${this.url} ${what}.`, exitCode.failed, { hints, code: "unimplemented" });
	}
}

/** Opens the broker for the time of a command. */
export async function withBroker<T>(
	words: Words,
	surroundings: Surroundings,
	use: (opened: OpenedBroker) => Promise<T>,
): Promise<T> {
	const opened = await OpenedBroker.open(words, surroundings);
	try {
		return await use(opened);
	} finally {
		await opened.close();
	}
}

/** The broker at a URL, for {@link answered}. */
function asked(url: string): AskedBackend {
	return {
		called: "The broker",
		url,
		remedies: ["Start it, or name another one with --broker or ALLIUM_BROKER."],
	};
}
