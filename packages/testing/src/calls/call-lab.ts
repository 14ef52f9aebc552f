import * as core from "@allium/core";
import {
	type CallKind,
	type Client,
	type ClientLayers,
	type Context,
	isServiceError,
	type Logger,
	type Middleware,
	type Service,
	type ServiceError,
} from "@allium/core";
import type { Dialer, Listener } from "@allium/core/transport";
import { expect, vi } from "vitest";
import { type FaultProxy, faultProxy } from "../faults/index.ts";
import { type CallsContract, callsContract } from "./contract.ts";
import type { Message } from "./message.ts";
import type { CallSetup, CallVersion } from "./setup.ts";

/** The handler that a case uses for every kind of method: it turns the input messages into output messages. */
export type CallHandler = (input: AsyncIterable<Message>, ctx: Context) => AsyncIterable<Message>;

/** The messages of a call, from either side. */
export type Messages = readonly Message[] | AsyncIterable<Message>;

const echo: CallHandler = (input) => input;

/** The server and client of one case. It closes after the case whatever the case leaves open. */
export class CallLab {
	/** The handler of all methods. */
	handler: CallHandler = echo;
	/** The server's log. */
	readonly logged: string[] = [];
	/** Middleware around the handlers. */
	serverMiddleware: Middleware[] = [];
	#setup: CallSetup | undefined;
	#listener: Listener | undefined;
	#endpoints: core.Endpoints | undefined;
	#url = "";
	#client: Client<CallsContract> | undefined;
	#relay: Client<CallsContract> | undefined;
	#clients: Client<CallsContract>[] = [];
	#proxy: FaultProxy | undefined;

	async begin(setup: CallSetup): Promise<void> {
		this.#setup = setup;
		this.handler = echo;
		this.logged.length = 0;
		this.serverMiddleware = [];
		await this.listen();
	}

	get listener(): Listener {
		if (this.#listener === undefined) throw new Error("no server was started");
		return this.#listener;
	}

	/** The methods that the server serves. */
	get endpoints(): core.Endpoints {
		if (this.#endpoints === undefined) throw new Error("no server was started");
		return this.#endpoints;
	}

	/** The URL of the server. */
	get url(): string {
		return this.#url;
	}

	/** The program that makes a call, and its arguments. */
	get program(): [file: string, options: { args: string[] }] {
		const { program } = this.#needSetup();
		if (program === undefined) throw new Error('give the setup a program, or skip "process"');
		return [program.file, { args: [...(program.args ?? []), this.#url] }];
	}

	/** The client of most cases. It has no middleware and no retries. */
	get client(): Client<CallsContract> {
		this.#client ??= this.connect();
		return this.#client;
	}

	/** The client with which handlers call. It is of the server's version, because a process has one version. */
	get relay(): Client<CallsContract> {
		const { server } = this.#needSetup();
		if (server === undefined) return this.client;
		this.#relay ??= this.#connect(server, server.transport, { middleware: [], attempt: [] }, this.#url);
		return this.#relay;
	}

	/** The root of the contexts that callers create. */
	get background(): Context {
		return this.callers.Context.background();
	}

	/** The version of the caller. */
	get callers(): CallVersion {
		return this.#needSetup().client ?? core;
	}

	/** The version of the callee. */
	get callees(): CallVersion {
		return this.#needSetup().server ?? core;
	}

	/** Starts the server. A server that was started before starts again at the same address. */
	async listen(): Promise<void> {
		const logger: Logger = {
			log: (_, message, fields) => void this.logged.push(`${message} ${String(fields?.error)}`),
		};
		const { callees } = this;
		const endpoints = new callees.Endpoints({ logger });
		this.#endpoints = endpoints;
		const middleware: Middleware = (next, method) => (input, ctx) =>
			this.serverMiddleware.reduceRight((inner, layer) => layer(inner, method), next)(input, ctx);
		endpoints.serve(callsContract(callees), this.#service(), { middleware: [middleware] });
		const address = this.#url === "" ? undefined : new URL(this.#url).host;
		const setup = this.#needSetup();
		this.#listener = await setup.listen(endpoints, address);
		this.#url = setup.url?.(this.#listener) ?? String(this.#listener.addresses[0]);
	}

	/** Makes another client, through the proxy if there is one. It has no layers unless some are given. */
	connect(layers: ClientLayers = { middleware: [], attempt: [] }): Client<CallsContract> {
		const { transport, between } = this.#needSetup();
		const proxy = this.#proxy;
		if (proxy === undefined) return this.#connect(this.callers, transport, layers, this.#url);
		if (between === undefined) return this.#connect(this.callers, transport, layers, proxy.url);
		return this.#connect(this.callers, between.transport(proxy.url), layers, this.#url);
	}

	/** Puts a proxy in front of the server. All further calls go through it. */
	async throughProxy(): Promise<FaultProxy> {
		const { between } = this.#needSetup();
		this.#proxy = await faultProxy({ target: between?.url ?? this.#url });
		this.#client = this.connect();
		return this.#proxy;
	}

	/** Makes a call of any kind and yields its replies. */
	async *call(
		kind: CallKind,
		input: Messages = [{ text: "hello" }],
		ctx: Context = this.background,
		client: Client<CallsContract> = this.client,
	): AsyncGenerator<Message> {
		const messages = all(input);
		if (kind === "unary") yield await client.unary(await first(messages), ctx);
		else if (kind === "client_stream") yield await client.client_stream(messages, ctx);
		else if (kind === "server_stream") yield* client.server_stream(await first(messages), ctx);
		else yield* client.bidi_stream(messages, ctx);
	}

	/** Fails unless a call succeeds now. */
	async expectHealthy(): Promise<void> {
		this.handler = echo;
		expect(await Array.fromAsync(this.call("unary", [{ text: "fine" }]))).toEqual([{ text: "fine" }]);
	}

	async end(): Promise<void> {
		await Promise.all(this.#clients.map((client) => client[Symbol.asyncDispose]()));
		await this.#proxy?.close();
		await this.#listener?.close();
		await this.#setup?.close?.();
		this.#setup = undefined;
		this.#listener = undefined;
		this.#client = undefined;
		this.#relay = undefined;
		this.#proxy = undefined;
		this.#clients = [];
		this.#url = "";
	}

	#connect(
		version: CallVersion,
		transport: Dialer,
		layers: ClientLayers,
		url: string,
	): Client<CallsContract> {
		const client = version.createClient(callsContract(version), { url, transports: [transport], ...layers });
		this.#clients.push(client);
		return client;
	}

	#needSetup(): CallSetup {
		if (this.#setup === undefined) throw new Error("the suite has no transport: setup did not run");
		return this.#setup;
	}

	#service(): Service<CallsContract> {
		return {
			unary: (input, ctx) => first(this.handler(all([input]), ctx)),
			server_stream: (input, ctx) => this.handler(all([input]), ctx),
			client_stream: (input, ctx) => first(this.handler(input, ctx)),
			bidi_stream: (input, ctx) => this.handler(input, ctx),
		};
	}
}

/** Whether the input of a kind is a stream. */
export const sendsMany = (kind: CallKind): boolean => kind === "client_stream" || kind === "bidi_stream";
/** Whether the output of a kind is a stream. */
export const answersMany = (kind: CallKind): boolean => kind === "server_stream" || kind === "bidi_stream";

/** Turns messages into a stream. */
export async function* all(messages: Messages): AsyncGenerator<Message> {
	yield* messages;
}

async function first(messages: AsyncIterable<Message>): Promise<Message> {
	for await (const message of messages) return message;
	throw new Error("a call of this kind takes one message");
}

/**
 * The error of a promise, or of a call read to its end. Throws if there is no error, or if it is not a `ServiceError`.
 */
export async function failure(call: Promise<unknown> | AsyncIterable<unknown>): Promise<ServiceError> {
	const running = call instanceof Promise ? call : Array.fromAsync(call);
	const error: unknown = await running.then(
		(value) => new Error(`it did not fail: ${JSON.stringify(value)?.slice(0, 200)}`),
		(reason: unknown) => reason,
	);
	if (!isServiceError(error)) throw error;
	return error;
}

/** Resolves when a condition holds. */
export async function until(condition: () => boolean, what: string): Promise<void> {
	await vi.waitFor(
		() => {
			if (!condition()) throw new Error(`still waiting until ${what}`);
		},
		{ timeout: 5_000, interval: 2 },
	);
}

/** Calls that wait in their handler, and how they ended there. */
export class Waiting {
	/** How many calls have arrived. */
	arrived = 0;
	/** The codes of the errors of their contexts. */
	readonly ended: (string | undefined)[] = [];

	/** Arrives, takes no input, yields nothing, and ends with its context. */
	get handler(): CallHandler {
		const wait = this.wait.bind(this);
		// biome-ignore lint/correctness/useYield: it never answers
		return async function* (_, ctx) {
			await wait(ctx);
		};
	}

	/** Rejects when the context ends. */
	wait(ctx: Context): Promise<never> {
		return new Promise((_, reject) => {
			ctx.signal.addEventListener("abort", () => {
				this.ended.push(ctx.error?.code);
				reject(ctx.error);
			});
			this.arrived++;
		});
	}

	/** Resolves when `count` calls have arrived. */
	untilArrived(count = 1): Promise<void> {
		return until(() => this.arrived >= count, `${count} calls arrived`);
	}

	/** Resolves when `count` calls have ended. */
	untilEnded(count = 1): Promise<void> {
		return until(() => this.ended.length >= count, `${count} handlers ended`);
	}
}
