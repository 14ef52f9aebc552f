import {
	Cause,
	type Context,
	causeOf,
	effectName,
	isServiceError,
	type Method,
	type Operation,
	ServiceError,
} from "@allium/core";
import {
	dataText,
	type EventStore,
	isDeclared,
	keyReused,
	OnceOutcomes,
	type Outcome,
	ownerOf,
	peerOf,
	sha256,
} from "@allium/core/store";
import { Backoff, sleep } from "@allium/core/transport";
import { tellPosition } from "../position/after.ts";
import type { Position } from "../position/position.ts";
import { decided, recorded, toolsFor } from "./decided.ts";
import type { AnyDecider } from "./decider.ts";
import { folded, foldedFrom } from "./load.ts";
import { type Folded, keepState } from "./snapshots.ts";
import { idIn, streamOf } from "./stream-of.ts";
import { idsOf, queueOf } from "./stream-queue.ts";

/** How often a command is decided at most, when others write to its stream meanwhile. */
const mostAttempts = 30;

/** How long an outcome is kept, in milliseconds: as long as topics keep the events that may repeat a command. */
const keepOutcomesMs = 30 * 24 * 60 * 60 * 1000;

const maxOutcomeBytes = 1024 * 1024;

/** The reply to a command, before its events are stored. */
export interface Prepared<Reply> {
	/** The reply as text, to be kept with the events. */
	readonly text: string;
	reply(position: Position | undefined): Reply;
}

/** How commands of one kind are answered. */
export interface Answering<Reply> {
	/** @param after the state after the command. */
	prepare(after: Folded): Prepared<Reply>;
	/** The reply that a text stands for. */
	read(text: string, position: Position | undefined): Promise<Reply> | Reply;
}

/** A command for a stream. */
export interface Command<Reply> {
	readonly store: EventStore;
	readonly decider: AnyDecider;
	readonly method: Method;
	readonly input: unknown;
	/** The call, by which a second attempt is recognised. Undefined if no cause is known that could come a second time. */
	readonly call: CommandCall | undefined;
	readonly answering: Answering<Reply>;
}

/** The call of a command, or the operation of a handler that has this id. */
interface CommandCall {
	/** The id of its outcome. */
	readonly id: string;
	readonly cause: Cause;
	/** The handler's operation with this id. Undefined for the call that is being handled. */
	readonly operation?: Operation;
}

/** The call that is being handled, as a command. */
export function arrivedCall({ path }: Method, ctx: Context): CommandCall | undefined {
	const cause = causeOf(ctx);
	if (cause === undefined) return undefined;
	return { id: sha256(JSON.stringify([path, cause.id, peerOf(ctx) ?? null])), cause };
}

/** A command that the call or event in hand causes, possibly one of several. */
export function causedCall({ path }: Method, input: unknown, ctx: Context): CommandCall | undefined {
	const cause = causeOf(ctx);
	if (cause === undefined) return undefined;
	const operation = cause.begin(`handle ${path}`, input, ctx.get(effectName));
	return { id: operation.id, cause, operation };
}

/** Decides a command, and appends its events to the stream with all that a second attempt has to know. */
export async function answered<Reply>(command: Command<Reply>, ctx: Context): Promise<Reply> {
	const { store, decider, method, input, call } = command;
	try {
		const id = idIn(decider, input);
		const stream = streamOf(decider, id);
		return await queueOf(store).run(stream, ctx, () => new Run(command, id, stream, ctx).answer());
	} catch (error) {
		if (!isServiceError(error) || !isDeclared(method, error)) call?.operation?.failed();
		throw error;
	}
}

/** One attempt of a caller at a command. */
class Run<Reply> {
	readonly #command: Command<Reply>;
	readonly #id: string;
	readonly #stream: string;
	readonly #ctx: Context;
	readonly #outcomes: OnceOutcomes;

	constructor(command: Command<Reply>, id: string, stream: string, ctx: Context) {
		this.#command = command;
		this.#id = id;
		this.#stream = stream;
		this.#ctx = ctx;
		this.#outcomes = new OnceOutcomes(command.method, maxOutcomeBytes);
	}

	async answer(): Promise<Reply> {
		const { store, decider } = this.#command;
		const backoff = new Backoff({ firstMs: 5, longestMs: 250 });
		let before = await folded(store, decider, this.#stream, this.#ctx);
		for (;;) {
			try {
				return await this.#decideAndAppend(before);
			} catch (error) {
				if (isRefused(error, "outcome_known")) return await this.#again();
				if (!isRefused(error, "wrong_version")) throw error;
				if (backoff.failures + 1 === mostAttempts) throw this.#contended(error);
			}
			await sleep(backoff.next(), this.#ctx);
			before = await foldedFrom(before, store, decider, this.#stream, this.#ctx);
		}
	}

	async #decideAndAppend(before: Folded): Promise<Reply> {
		const { store, decider, method, input, call, answering } = this.#command;
		// Each attempt begins with the same ids.
		const cause = call && new Cause(call.cause.id, call.cause.correlationId, call.id);
		const { events, refusal } = decided(decider, method, input, before.state, toolsFor(cause));
		if (refusal !== undefined) return this.#refuse(refusal);
		const source = ownerOf(store)?.name ?? decider.contract["~allium"].name;
		const record = { decider, id: this.#id, before, source, cause, ids: idsOf(store) };
		const { records, after } = await recorded(record, events, this.#ctx);
		const prepared = answering.prepare(after);
		const outcome = this.#outcome(prepared.text);
		if (records.length === 0) {
			if (outcome !== undefined) await store.append([], this.#ctx, outcome);
			return prepared.reply(undefined);
		}
		const part = {
			stream: this.#stream,
			topic: decider.contract["~allium"].name,
			expected: before.version,
			events: records,
		};
		const [appended] = await store.append([part], this.#ctx, outcome);
		if (appended === undefined || appended.duplicate)
			return this.#repeated(appended?.version ?? after.version);
		keepState(store, decider, this.#stream, before.version, after, this.#ctx);
		return prepared.reply(await this.#tell(appended.receipts.at(-1)));
	}

	/** Keeps the refusal, so that no later attempt decides otherwise. */
	async #refuse(refusal: ServiceError): Promise<never> {
		const text = this.#outcomes.ofError(refusal);
		const outcome = text === undefined ? undefined : this.#outcome(text);
		if (outcome !== undefined) await this.#command.store.append([], this.#ctx, outcome);
		throw refusal;
	}

	/** Answers as the first attempt was answered. */
	async #again(): Promise<Reply> {
		const { store, method, call, answering } = this.#command;
		const known = call && (await store.outcome(call.id, this.#ctx));
		if (call === undefined || known === undefined) throw outcomeGone(method);
		if (known.fingerprint !== this.#fingerprint) throw keyReused(method);
		const made = await store.madeBy(this.#stream, call.cause.id, this.#ctx);
		const last = made.at(-1);
		const position = last && (await this.#tell({ ...last, id: last.event.id }));
		if (known.text.startsWith("error:")) return this.#outcomes.read(known.text) as never;
		return answering.read(known.text, position);
	}

	/** The events were there before, and their outcome is kept no longer. */
	async #repeated(version: number): Promise<Reply> {
		const { store, decider, call, answering } = this.#command;
		const after = await folded(store, decider, this.#stream, this.#ctx, version);
		const made = call === undefined ? [] : await store.madeBy(this.#stream, call.cause.id, this.#ctx);
		const last = made.at(-1);
		return answering.prepare(after).reply(last && (await this.#tell({ ...last, id: last.event.id })));
	}

	/** Tells the caller where the last event lies. */
	async #tell(
		placed: (Pick<Position, "id" | "lane"> & { readonly cursor: Position["cursor"] | undefined }) | undefined,
	): Promise<Position | undefined> {
		if (placed === undefined) return undefined;
		const { store, decider } = this.#command;
		const { id, lane, cursor } = placed;
		const log = await store.identity(this.#ctx);
		const { name: topic } = decider.contract["~allium"];
		const position = { log, topic, lane, id, key: this.#id, ...(cursor !== undefined && { cursor }) };
		tellPosition(this.#ctx, position);
		return position;
	}

	#outcome(text: string): Outcome | undefined {
		const { call } = this.#command;
		return call && { id: call.id, fingerprint: this.#fingerprint, text, keepMs: keepOutcomesMs };
	}

	get #fingerprint(): string {
		return sha256(`${this.#command.method.path} ${dataText(this.#command.input)}`);
	}

	#contended(cause: unknown): ServiceError {
		return new ServiceError({
			code: "aborted",
			reason: "wrong_version",
			message: `others wrote to the stream ${this.#stream} each of the ${mostAttempts} times that ${this.#command.method.path} was decided; try again`,
			cause,
		});
	}
}

function isRefused(error: unknown, reason: string): boolean {
	return isServiceError(error) && error.reason === reason && error.domain === undefined;
}

function outcomeGone({ path }: Method): ServiceError {
	return new ServiceError({
		code: "aborted",
		message: `the outcome of this call of ${path} was removed while it was read; try again`,
	});
}
