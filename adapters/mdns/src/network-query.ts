import type { Context } from "@allium/core";
import { unavailable } from "@allium/core/adapter";
import { after, sleep } from "@allium/core/transport";
import type { Answer, Packet } from "dns-packet";
import { recordName, serviceType } from "./announcement.ts";

/** How long a query may take until this process hears it itself, in milliseconds, and how often it is sent. */
const heardMs = 500;
const mostTries = 4;
/** How often the network is asked while answers are awaited. A packet may be lost, and a busy host answers late. */
const rounds = 2;
/** The most answers that a query names as known, so that they fit into a packet. */
const mostKnown = 100;
/**
 * The number of parts into which a wait is divided. After each part, packets that have arrived are read, even if timers
 * are late.
 */
const parts = 4;
/** How long records are awaited that were asked for, in milliseconds. */
const recordsMs = 2_000;

/** Options of {@link NetworkQuery}. */
export interface NetworkQueryOptions {
	/** The address of this host in the network, for messages. */
	readonly address: string;
	readonly send: (packet: Packet) => Promise<void>;
	/** How long answers are awaited, in milliseconds. */
	readonly answersMs: number;
	/** The names that are known, and need not be told. */
	readonly known: () => readonly string[];
	/** Whether records that were asked for may still arrive. */
	readonly isAwaiting: () => boolean;
}

/**
 * Asks a network which instances are there. A process hears its own packets, too, in the order in which it sent them.
 */
export class NetworkQuery {
	readonly #options: NetworkQueryOptions;
	readonly #probes = new Map<string, () => void>();

	constructor(options: NetworkQueryOptions) {
		this.#options = options;
	}

	/**
	 * Waits until this process has heard all that it has sent.
	 *
	 * @param query questions and answers to send along.
	 * @throws ServiceError `unavailable` when it hears nothing, so that the network carries no multicast.
	 */
	async echo(ctx: Context, query: Pick<Packet, "questions" | "answers"> = {}): Promise<void> {
		for (let tried = 0; tried < mostTries; tried++) if (await this.#try(ctx, query)) return;
		const { address } = this.#options;
		throw unavailable(
			`this process does not hear its own packets of multicast DNS on ${address}; is multicast filtered there? Name another address of this host by interface`,
		);
	}

	/** Asks which instances are there, and waits for the answers. */
	async settle(ctx: Context): Promise<void> {
		const { answersMs, known, isAwaiting } = this.#options;
		const partMs = answersMs / rounds / parts;
		for (let round = 0; round < rounds; round++) {
			await this.echo(ctx, {
				questions: [{ type: "PTR", name: serviceType }],
				// The names that were known before are sent as known only in later rounds. In the first round their instances must
				// answer again, because they may have left without a word.
				answers: round === 0 ? [] : known().slice(0, mostKnown).flatMap(knownAnswer),
			});
			for (let part = 0; part < parts; part++) await sleep(partMs, ctx);
		}
		const latest = performance.now() + recordsMs;
		while (isAwaiting() && performance.now() < latest) await sleep(partMs, ctx);
	}

	/** Asks for the records of names that were heard. */
	async askFor(names: readonly string[]): Promise<void> {
		await this.#options.send({
			type: "query",
			questions: names.map((name) => ({ type: "TXT", name: recordName(name) })),
		});
	}

	/** Takes a query that this process hears. */
	hear({ questions = [] }: Packet): void {
		for (const { name } of questions) this.#probes.get(name)?.();
	}

	async #try(ctx: Context, { questions = [], answers = [] }: Packet): Promise<boolean> {
		const probe = `_probe-${crypto.randomUUID()}.${serviceType}`;
		const heard = Promise.withResolvers<boolean>();
		this.#probes.set(probe, () => heard.resolve(true));
		const unlisten = ctx["~cancellation"].listen((error) => heard.reject(error));
		let part = 0;
		const wait = (): void => {
			timer = after(heardMs / parts, () => (++part < parts ? wait() : heard.resolve(false)));
		};
		let timer = after(0, wait);
		// It may never be sent, where the socket closes meanwhile.
		const sent = this.#options.send({
			type: "query",
			questions: [...questions, { type: "TXT", name: probe }],
			answers,
		});
		sent.catch(heard.reject);
		try {
			return await heard.promise;
		} finally {
			timer.stop();
			unlisten();
			this.#probes.delete(probe);
		}
	}
}

function knownAnswer(name: string): Answer[] {
	return [{ type: "PTR", name: serviceType, data: name }];
}
