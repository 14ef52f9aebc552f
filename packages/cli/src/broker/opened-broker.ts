import { Context, errorText, isServiceError } from "@allium/core";
import type { Broker, GroupState, Log } from "@allium/core/event";
import { whileLasts } from "@allium/core/transport";
import { maskUrl, openBroker, within } from "@allium/node";
import type { Surroundings, Words } from "../command/command.ts";
import { CommandError, unavailable } from "../command/command-error.ts";
import { exitCode } from "../command/exit-code.ts";
import { configOf } from "../discovery/directory.ts";

/** How long the broker may take for an answer, in milliseconds. */
const patienceMs = 10_000;

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
			const broker = await answered(url, () => opening);
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
		return answered(this.url, run);
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

async function answered<T>(url: string, run: (ctx: Context) => Promise<T>): Promise<T> {
	const { ctx, cancel } = Context.background().withTimeout(patienceMs).withCancel();
	try {
		return await whileLasts(
			Promise.try(() => run(ctx)),
			ctx,
		);
	} catch (error) {
		if (ctx.error?.code === "deadline_exceeded") {
			throw unavailable(`The broker ${url} did not answer within ${patienceMs / 1_000} s.`, remedies);
		}
		// The reason of an adapter stands alone; the remedy is that of the command.
		if (isServiceError(error) && error.code === "unavailable")
			throw unavailable(`${errorText(error)}.`, remedies);
		throw error;
	} finally {
		cancel();
	}
}

const remedies = ["Start it, or name another one with --broker or ALLIUM_BROKER."];
