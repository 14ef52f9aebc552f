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

/** The broker as the commands see it. They make no topics and no groups. */
export class OpenedBroker {
	readonly broker: Broker;
	/** The URL of the broker, without secrets. */
	readonly url: string;

	constructor(broker: Broker, url: string) {
		this.broker = broker;
		this.url = url;
	}

	/** Opens the broker that `--broker` names, or the environment, as it does for an app. */
	static async open(words: Words, { env, cwd, adapters }: Surroundings): Promise<OpenedBroker> {
		const { backends, namespace } = configOf(words, env);
		const choice = backends.broker;
		const url = maskUrl(choice.url);
		const opening = openBroker(choice, { adapters, namespace, cwd });
		try {
			const broker = await answered(asked(url), () => opening);
			return new OpenedBroker(broker, broker.location ?? url);
		} catch (error) {
			// A broker that comes late has no owner.
			opening.then((broker) => broker.close()).catch(() => {});
			throw error;
		}
	}

	/**
	 * What keeps the events.
	 *
	 * @throws CommandError where the broker keeps none that could be read.
	 */
	get log(): Log {
		const { log } = this.broker;
		if (log !== undefined) return log;
		throw this.#lacks("keeps no events once they are handled, so that none can be listed or read again", [
			"allium events publish works; allium parked list <topic> <group> shows what is parked, where it can park.",
		]);
	}

	/**
	 * What keeps the state of groups.
	 *
	 * @throws CommandError where the broker keeps none that could be read.
	 */
	get state(): GroupState {
		const { state } = this.broker;
		if (state !== undefined) return state;
		throw this.#lacks("keeps no state of groups that could be read or changed", [
			"allium health shows how the groups of each instance are doing.",
			"allium parked list, replay and discard work with a <topic> and a <group>, where the broker can park.",
		]);
	}

	/** Asks the broker, and waits no longer than ten seconds for the answer. */
	ask<T>(run: (ctx: Context) => Promise<T>): Promise<T> {
		return answered(asked(this.url), run);
	}

	/** Closes it. What does not end in time is left behind. */
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
