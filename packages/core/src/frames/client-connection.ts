import type { Context } from "../context/context.ts";
import { type ServiceError, serviceErrorFrom } from "../errors/service-error.ts";
import type { CallObserver } from "../transport/observe-calls.ts";
import type { Pipe } from "../transport/pipe.ts";
import { messageTooLarge, queueFull } from "../transport/transport-errors.ts";
import { type CallTarget, ClientCall } from "./client-call.ts";
import { Connection, GoawayCode } from "./connection.ts";
import { lastStreamId } from "./frame.ts";
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
			onSilent: () => this.drain(),
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

	/** Whether a call with one message can begin at once. */
	takes(text: string): boolean {
		return this.usable && this.#connection.open && this.#connection.fits(text);
	}

	/** Calls with one message that it {@link takes}. */
	begin(target: CallTarget, text: string, ctx: Context, observer?: CallObserver): Promise<unknown> {
		return new Promise((resolve, reject) => {
			const id = this.#nextId++;
			new ClientCall(this.#connection, target, ctx, observer, resolve, reject, id).begin(text);
		});
	}

	/** Calls with one message, as soon as it may. */
	async unary(target: CallTarget, text: string, ctx: Context): Promise<unknown> {
		for (let waited = false; !this.#mayBegin(ctx, waited); waited = true) await this.#nextTurn(ctx);
		const limit = this.#connection.remote.maxMessageBytes;
		if (text.length > limit) throw messageTooLarge(limit);
		if (this.#connection.fits(text)) return this.begin(target, text, ctx);
		return new Promise((resolve, reject) => {
			const call = new ClientCall(this.#connection, target, ctx, undefined, resolve, reject, this.#nextId++);
			call.begin(undefined);
			void call.sendMessage(text);
		});
	}

	/** Calls with a stream of messages. */
	async streaming(target: CallTarget, input: AsyncIterable<unknown>, ctx: Context): Promise<unknown> {
		for (let waited = false; !this.#mayBegin(ctx, waited); waited = true) await this.#nextTurn(ctx);
		return new Promise((resolve, reject) => {
			const call = new ClientCall(this.#connection, target, ctx, undefined, resolve, reject, this.#nextId++);
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

	/** Whether another stream may begin now, and the send queue takes it. Holds only until something is awaited. */
	#mayBegin(ctx: Context, waited: boolean): boolean {
		const { error } = ctx;
		if (error !== undefined) {
			// It may have been its turn: whoever gives that up passes it on.
			this.#connection.wakeNext();
			if (!waited || error.code !== "deadline_exceeded") throw error;
			this.#connection.timedOut();
			throw queueFull();
		}
		if (!this.usable) throw neverSent(this.#connection.closedBy);
		return this.#connection.open && this.#connection.writable;
	}

	/** Waits for the connection or the end of the context, whichever is first; leaves no listener. */
	#nextTurn(ctx: Context): Promise<void> {
		const connection = this.#connection;
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
			abandon = connection.open ? connection.waitToSend(resume) : connection.waitToOpen(resume);
		});
	}
}

function neverSent(cause: ServiceError | undefined): ServiceError {
	const message = cause?.message ?? "the server takes no more calls on this connection";
	return serviceErrorFrom({ code: "unavailable", message }, { notExecuted: true });
}
