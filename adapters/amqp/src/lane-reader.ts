import { type Cancelable, Context } from "@allium/core";
import { unavailable } from "@allium/core/adapter";
import { type Deliver, LanePause, placedText, type Verdict } from "@allium/core/event";
import { after, every, type Timer } from "@allium/core/transport";
import type { AsyncMessage, Channel } from "rabbitmq-client";
import { failure } from "./failure.ts";
import type { Handed } from "./handed.ts";
import { KeyLines } from "./key-lines.ts";
import { isReplay } from "./parked-message.ts";
import type { RabbitConnection } from "./rabbit-connection.ts";
import type { Room } from "./room.ts";

/** The longest delay of an event that is tried again, in milliseconds: it stays with this process meanwhile. */
const longestRetryMs = 60_000;

/** How long to wait before an event is parked again that could not be parked, in milliseconds. */
const parkAgainMs = 1_000;

/**
 * The time after which an event is given back and taken again, in milliseconds. The server cuts off a consumer that
 * keeps an event for 30 minutes.
 */
const longestHereMs = 10 * 60_000;

/** How a lane is read. */
export interface LaneReaderOptions {
	readonly connection: RabbitConnection;
	readonly room: Room;
	/** How many events are here at most. */
	readonly prefetch: number;
	/** How many bytes of events are here at most; more of them end the reader, so that one with a smaller prefetch follows. */
	readonly bytes: number;
	/** How long the lane pauses at most while most of its events meet trouble that is not their own, in milliseconds. */
	readonly longestPauseMs: number;
	/** Makes the queue where it is missing. Returns its name. */
	readonly prepare: (channel: Channel) => Promise<string>;
	/** The lane of a message. */
	readonly laneOf: (message: AsyncMessage) => number;
	/** Handles an event. `elsewhere`: another member has to. */
	readonly deliver: (...args: Parameters<Deliver>) => Promise<Verdict | "elsewhere">;
	/** Parks an event. */
	readonly park: (handed: Handed) => Promise<void>;
	/** Called when more bytes are here than `bytes`. */
	readonly onTooLarge: () => void;
}

/**
 * Reads one queue over its own channel, and settles the events. Events of one key are handled one after another. When
 * it ends, events that are not settled go back to the queue in their order.
 */
export class LaneReader {
	/** Resolves when the channel is closed, and no handler runs. */
	readonly ended: Promise<void>;
	readonly #channel: Channel;
	readonly #options: LaneReaderOptions;
	readonly #lines = new KeyLines<Handed>();
	readonly #scope: Cancelable = Context.background().withCancel();
	readonly #timers = new Set<Timer>();
	readonly #pause: LanePause;
	/** The events that wait until the lane has paused. */
	#paused: Handed[] = [];
	#pauseTimer: Timer | undefined;
	readonly #watch: Timer;
	readonly #end = Promise.withResolvers<void>();
	#running = 0;
	#bytes = 0;
	#isReleasing = false;

	private constructor(channel: Channel, options: LaneReaderOptions) {
		this.#channel = channel;
		this.#options = options;
		this.#pause = new LanePause(options.longestPauseMs);
		this.ended = this.#end.promise;
		this.#watch = every(longestHereMs / 10, () => this.#checkAge());
		channel.once("close", () => this.#lost());
		channel.once("basic.cancel", () => void channel.close());
	}

	/** Begins to read. */
	static async open(options: LaneReaderOptions): Promise<LaneReader> {
		const { connection, prepare, prefetch } = options;
		const channel = await connection.channel();
		const reader = new LaneReader(channel, options);
		try {
			const queue = await prepare(channel);
			await channel.basicQos({ prefetchCount: prefetch });
			await channel.basicConsume({ queue }, (message) => reader.#take(message));
			return reader;
		} catch (error) {
			await channel.close();
			throw failure(error, connection.place);
		}
	}

	/** The events that are here. */
	get here(): Iterable<Handed> {
		return this.#lines;
	}

	/** Begins nothing more, and ends when the running events are settled. */
	release(): void {
		this.#isReleasing = true;
		this.#clearTimers();
		this.#endReleased();
	}

	/** Ends at once: the contexts of running handlers end. */
	close(): void {
		this.#isReleasing = true;
		this.#scope.cancel();
		void this.#channel.close();
	}

	#take(message: AsyncMessage): void {
		const text = String(message.body);
		const bytes = Buffer.byteLength(text);
		const { deliveryTag } = message;
		const place = { lane: this.#options.laneOf(message), cursor: String(deliveryTag), bytes };
		const handed: Handed = {
			placed: placedText(text, place),
			text,
			deliveryTag,
			came: performance.now(),
			isReplay: isReplay(message),
			attempt: 1,
			since: undefined,
			error: undefined,
		};
		this.#bytes += bytes;
		if (this.#lines.push(handed.placed.event.key, handed)) this.#offer(handed);
		if (this.#bytes <= this.#options.bytes || this.#options.prefetch === 1 || this.#isReleasing) return;
		this.#options.onTooLarge();
		this.release();
	}

	#offer(handed: Handed): void {
		this.#options.room.offer({
			bytes: handed.placed.bytes,
			isWanted: () => !this.#isReleasing && this.#channel.active,
			run: () => this.#handle(handed),
		});
	}

	async #handle(handed: Handed): Promise<void> {
		if (this.#running >= this.#pause.room) {
			this.#paused.push(handed);
			this.#awaitPause();
			return;
		}
		this.#running++;
		const verdict = await this.#verdict(handed);
		if (verdict !== "elsewhere") this.#pause.note(verdict.do === "retry" && verdict.blameless);
		if (this.#channel.active) await this.#carryOut(verdict, handed);
		this.#running--;
		this.#goOn();
		if (this.#channel.active) this.#endReleased();
		else this.#endLost();
	}

	/** Offers the events that the pause of the lane held up, as many as may run now. */
	#goOn(): void {
		if (this.#isReleasing || this.#paused.length === 0) return;
		const free = Math.max(0, this.#pause.room - this.#running);
		for (const handed of this.#paused.splice(0, free)) this.#offer(handed);
		this.#awaitPause();
	}

	#awaitPause(): void {
		if (this.#isReleasing || this.#pause.room > 0 || this.#pauseTimer !== undefined) return;
		this.#pauseTimer = after(Math.ceil(this.#pause.until - performance.now()), () => {
			this.#pauseTimer = undefined;
			this.#goOn();
		});
	}

	#verdict(handed: Handed): Promise<Verdict | "elsewhere"> {
		const { placed, attempt, isReplay } = handed;
		if (placed.fault === undefined) {
			return this.#options.deliver({ ...placed, attempt, epoch: 0, isReplay }, this.#scope.ctx);
		}
		const error = { code: "data_loss", reason: "not_an_event", message: placed.fault };
		return Promise.resolve({ do: "park", error });
	}

	async #carryOut(verdict: Verdict | "elsewhere", handed: Handed): Promise<void> {
		if (verdict === "elsewhere") {
			this.release();
			return;
		}
		if (verdict.do === "done") {
			this.#settle(handed);
			return;
		}
		handed.since ??= Date.now();
		handed.error = verdict.error;
		if (verdict.do === "park") {
			await this.#park(handed);
			return;
		}
		if (!verdict.blameless) handed.attempt++;
		this.#again(handed, Math.min(verdict.afterMs, longestRetryMs));
	}

	async #park(handed: Handed): Promise<void> {
		try {
			await this.#options.park(handed);
			this.#settle(handed);
		} catch {
			// It is handled again, so that it is never lost.
			this.#again(handed, parkAgainMs);
		}
	}

	#again(handed: Handed, afterMs: number): void {
		if (this.#isReleasing) return;
		const timer = after(afterMs, () => {
			this.#timers.delete(timer);
			this.#offer(handed);
		});
		this.#timers.add(timer);
	}

	#settle(handed: Handed): void {
		if (!this.#channel.active) return;
		this.#channel.basicAck({ deliveryTag: handed.deliveryTag });
		this.#bytes -= handed.placed.bytes;
		const next = this.#lines.shift(handed.placed.event.key, handed);
		if (next !== undefined) this.#offer(next);
	}

	#checkAge(): void {
		const oldest = performance.now() - longestHereMs;
		for (const { came } of this.#lines) if (came < oldest) this.release();
	}

	#endReleased(): void {
		if (this.#isReleasing && this.#running === 0) void this.#channel.close();
	}

	/** The channel is closed: the server has given the events that are here to others, or will do so. */
	#lost(): void {
		this.#isReleasing = true;
		this.#scope.cancel(unavailable("the connection to RabbitMQ is lost, and the event is handled again"));
		this.#clearTimers();
		this.#watch.stop();
		this.#endLost();
	}

	#endLost(): void {
		if (this.#running === 0) this.#end.resolve();
	}

	#clearTimers(): void {
		for (const timer of this.#timers) timer.stop();
		this.#timers.clear();
		this.#pauseTimer?.stop();
	}
}
