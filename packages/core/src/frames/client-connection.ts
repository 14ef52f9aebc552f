import type { EncodedMessage } from "../codec/codec.ts";
import type { Context } from "../context/context.ts";
import { ServiceError, serviceErrorFrom } from "../errors/service-error.ts";
import type { CallObserver } from "../transport/observe-calls.ts";
import type { Pipe } from "../transport/pipe.ts";
import { messageTooLarge, queueFull } from "../transport/transport-errors.ts";
import { ClientCall } from "./client-call.ts";
import { Connection } from "./connection.ts";
import type { FrameLimits } from "./frame-limits.ts";
import { type CallEncoding, encodingFor, type FramesCallee } from "./frames-callee.ts";
import { bodyRoom, exceeds } from "./wire/body.ts";
import { lastStreamId } from "./wire/frame.ts";
import { type Goaway, GoawayCode } from "./wire/goaway-frame.ts";

/** A connection that makes calls. */
export class ClientConnection {
	/** Resolves when calls may begin; rejects when the connection ends before. */
	readonly ready: Promise<void>;
	/** Resolves with the reason when the connection is gone. */
	readonly closed: Promise<ServiceError>;
	readonly #connection: Connection;
	#ready = false;
	#draining = false;
	#refusal: ServiceError | undefined;
	#nextId = 1;

	/** @param formats the formats that this side reads, as SETTINGS has them. */
	constructor(pipe: Pipe, formats: number, limits?: Partial<FrameLimits>) {
		const ready = Promise.withResolvers<void>();
		const closed = Promise.withResolvers<ServiceError>();
		this.ready = ready.promise;
		this.closed = closed.promise;
		const role = {
			formats,
			onRequest() {},
			onReady: () => {
				this.#ready = true;
				ready.resolve();
			},
			onGoaway: (goaway: Goaway) => {
				this.#draining = true;
				if (goaway.code === GoawayCode.refused) this.#refusal = refusedBy(goaway);
				this.#connection.endWhenIdle();
			},
			onSilent: () => this.drain(),
			onClosed: (error: ServiceError) => {
				ready.reject(error);
				closed.resolve(error);
			},
		};
		this.#connection = new Connection(pipe, role, limits);
		this.#connection.start();
	}

	/** Why the server serves this client no call at all; undefined where it does not say so. */
	get refusal(): ServiceError | undefined {
		return this.#refusal;
	}

	/** Whether a call may begin here. */
	get usable(): boolean {
		return (
			this.#ready &&
			!this.#draining &&
			this.#nextId <= lastStreamId &&
			this.#connection.closedBy === undefined
		);
	}

	/** The format in which a method is called here. Known once the connection is ready. */
	encodingFor(callee: FramesCallee): CallEncoding {
		return encodingFor(callee, this.#connection.remote.formats);
	}

	/** Makes a call with one message, if it can begin at once and the message goes out in one piece; else undefined. */
	begin(
		callee: FramesCallee,
		encoding: CallEncoding,
		body: EncodedMessage,
		ctx: Context,
		observer?: CallObserver,
	): Promise<unknown> | undefined {
		const { bytes, queue, streams } = this.#connection;
		const room = bodyRoom(bytes, body);
		if (!this.usable || !streams.hasRoom || !queue.hasRoomFor(room)) return undefined;
		return new Promise((resolve, reject) => {
			const id = this.#nextId++;
			new ClientCall(this.#connection, callee, encoding, ctx, observer, resolve, reject, id).begin(
				body,
				room,
			);
		});
	}

	/** Makes a call with one message, as soon as it may begin. */
	async unary(
		callee: FramesCallee,
		encoding: CallEncoding,
		body: EncodedMessage,
		ctx: Context,
	): Promise<unknown> {
		for (let waited = false; !this.#mayBegin(ctx, waited); waited = true) await this.#nextChance(ctx);
		const { bytes, remote } = this.#connection;
		if (exceeds(bytes, body, remote.maxMessageBytes)) throw messageTooLarge(remote.maxMessageBytes);
		const whole = this.begin(callee, encoding, body, ctx);
		if (whole !== undefined) return whole;
		return new Promise((resolve, reject) => {
			const outgoing = this.#newCall(callee, encoding, ctx, resolve, reject);
			outgoing.begin(undefined, 0);
			void outgoing.sendMessage(body);
		});
	}

	/** Makes a call with a stream of messages, as soon as it may begin. */
	async streaming(
		callee: FramesCallee,
		encoding: CallEncoding,
		input: AsyncIterable<unknown>,
		ctx: Context,
	): Promise<unknown> {
		for (let waited = false; !this.#mayBegin(ctx, waited); waited = true) await this.#nextChance(ctx);
		return new Promise((resolve, reject) => {
			const outgoing = this.#newCall(callee, encoding, ctx, resolve, reject);
			outgoing.begin(undefined, 0);
			outgoing.sendStream(input);
		});
	}

	#newCall(
		callee: FramesCallee,
		encoding: CallEncoding,
		ctx: Context,
		resolve: (output: unknown) => void,
		reject: (error: ServiceError) => void,
	): ClientCall {
		const id = this.#nextId++;
		return new ClientCall(this.#connection, callee, encoding, ctx, undefined, resolve, reject, id);
	}

	/** Takes no new calls, and ends when those in flight have ended. */
	drain(): void {
		this.#draining = true;
		this.#connection.goaway(GoawayCode.idle, "the client is done");
		this.#connection.endWhenIdle();
	}

	/** Ends at once: calls in flight fail with `unavailable`. */
	close(): void {
		this.#connection.destroy("the client was closed");
	}

	/** Whether another stream may begin now, and the send queue takes it. Holds only until something is awaited. */
	#mayBegin(ctx: Context, waited: boolean): boolean {
		const connection = this.#connection;
		const { error } = ctx;
		if (error !== undefined) {
			// It may have been this call's turn: a call that gives up its turn passes it on.
			connection.streams.passTurn();
			if (!waited || error.code !== "deadline_exceeded") throw error;
			connection.suspect();
			throw queueFull();
		}
		if (!this.usable) throw neverSent(this.#refusal ?? connection.closedBy);
		return connection.streams.hasRoom && connection.queue.hasRoom;
	}

	/** Waits for the connection or the end of the context, and leaves no listener behind. */
	#nextChance(ctx: Context): Promise<void> {
		const { queue, streams } = this.#connection;
		return new Promise((resolve) => {
			const resume = (): void => {
				unlisten();
				resolve();
			};
			let abandon = (): void => {};
			const unlisten = ctx["~cancellation"].listen(() => {
				abandon();
				resolve();
			});
			abandon = streams.hasRoom ? queue.wait(resume) : streams.wait(resume);
		});
	}
}

/** The reason that a server gives where it turns a client away. */
function refusedBy({ message }: Goaway): ServiceError {
	return new ServiceError({ code: "unavailable", message: `the server refused the connection: ${message}` });
}

function neverSent(cause: ServiceError | undefined): ServiceError {
	const message = cause?.message ?? "the server takes no more calls on this connection";
	return serviceErrorFrom({ code: "unavailable", message }, { notExecuted: true });
}
