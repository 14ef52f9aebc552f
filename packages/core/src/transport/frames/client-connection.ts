import type { Context } from "../../context/context.ts";
import { type ServiceError, serviceErrorFrom } from "../../errors/service-error.ts";
import type { Pipe } from "../pipe.ts";
import { type CallTarget, ClientCall, queueFull } from "./client-call.ts";
import { Connection, GoawayCode } from "./connection.ts";
import { lastStreamId } from "./frame.ts";
import { tooLarge } from "./inbound.ts";
import type { FrameLimits } from "./settings.ts";

/** A connection that makes calls. */
export class ClientConnection {
	/** Resolves when calls may begin; rejects when the connection ends before. */
	readonly ready: Promise<void>;
	/** Resolves with the reason when the connection is gone. */
	readonly closed: Promise<ServiceError>;
	readonly #connection: Connection;
	#ready = false;
	#draining = false;
	#nextId = 1;

	constructor(pipe: Pipe, limits?: Partial<FrameLimits>) {
		const ready = Promise.withResolvers<void>();
		const closed = Promise.withResolvers<ServiceError>();
		this.ready = ready.promise;
		this.closed = closed.promise;
		const role = {
			onRequest() {},
			onReady: () => {
				this.#ready = true;
				ready.resolve();
			},
			onGoaway: () => {
				this.#draining = true;
				this.#connection.endWhenIdle();
			},
			onClosed: (error: ServiceError) => {
				ready.reject(error);
				closed.resolve(error);
			},
		};
		this.#connection = new Connection(pipe, role, limits);
		this.#connection.start();
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

	/** Calls with one message. */
	unary(target: CallTarget, input: unknown, ctx: Context): Promise<unknown> {
		const text = target.codec.encode(input);
		if (!this.#connection.open || !this.#connection.fits(text)) return this.#unarySlowly(target, text, ctx);
		return new Promise((resolve, reject) => {
			new ClientCall(this.#connection, target, ctx, resolve, reject, this.#nextId++).begin(text);
		});
	}

	/** Calls with a stream of messages. */
	async streaming(target: CallTarget, input: AsyncIterable<unknown>, ctx: Context): Promise<unknown> {
		await this.#turn(ctx);
		return new Promise((resolve, reject) => {
			const call = new ClientCall(this.#connection, target, ctx, resolve, reject, this.#nextId++);
			call.begin(undefined);
			void call.sendStream(input);
		});
	}

	/** Takes no new calls; ends when those in flight have. */
	drain(): void {
		this.#draining = true;
		this.#connection.goaway(GoawayCode.idle, "the client is done");
		this.#connection.endWhenIdle();
	}

	/** Ends at once: calls in flight fail with `unavailable`. */
	close(): void {
		this.#connection.destroy("the client was closed");
	}

	async #unarySlowly(target: CallTarget, text: string, ctx: Context): Promise<unknown> {
		await this.#turn(ctx);
		const limit = this.#connection.remote.maxMessageBytes;
		if (text.length > limit) throw tooLarge(limit);
		return new Promise((resolve, reject) => {
			const call = new ClientCall(this.#connection, target, ctx, resolve, reject, this.#nextId++);
			if (this.#connection.fits(text)) call.begin(text);
			else {
				call.begin(undefined);
				void call.sendMessage(text);
			}
		});
	}

	/** Waits until another stream may begin and the send queue takes it. */
	async #turn(ctx: Context): Promise<void> {
		const connection = this.#connection;
		while (true) {
			const { error } = ctx;
			if (error !== undefined) throw error.code === "deadline_exceeded" ? queueFull() : error;
			if (!this.usable) throw neverSent(connection.closedBy);
			if (!connection.open) await this.#wait(ctx, (resume) => connection.waitToOpen(resume));
			else if (connection.writable) return;
			else await this.#wait(ctx, (resume) => connection.waitToSend(resume));
		}
	}

	/** Waits for the connection or the end of the context, whichever is first; leaves no listener. */
	#wait(ctx: Context, begin: (resume: () => void) => () => void): Promise<void> {
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
			abandon = begin(resume);
		});
	}
}

function neverSent(cause: ServiceError | undefined): ServiceError {
	const message = cause?.message ?? "the server takes no more calls on this connection";
	return serviceErrorFrom({ code: "unavailable", message }, { notExecuted: true });
}
