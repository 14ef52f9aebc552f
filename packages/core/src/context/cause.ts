import { forgetOldest } from "../collections/forget-oldest.ts";
import { sha256 } from "../encoding/sha256.ts";
import { uuidv8 } from "../encoding/uuid.ts";
import { ServiceError } from "../errors/service-error.ts";
import { dataText } from "../json/stable-json.ts";
import type { Context } from "./context.ts";
import { type ContextKey, contextKey } from "./key.ts";

/** How many different operations a cause remembers. */
const maxOperations = 10_000;

/**
 * Names the next operation of a handler with a context, for inputs with times or random parts. Calls and published
 * events that repeat after a redelivery are then recognised by this name instead of their input. Two operations of one
 * kind need two names.
 *
 * @example
 * await payments.charge({ amount, at: new Date().toISOString() }, ctx.withValue(effectName, "deposit"));
 */
export const effectName: ContextKey<string> = contextKey("effect name");

const causeKey: ContextKey<Cause> = contextKey("cause");

/** The cause of the work that a context is for. Undefined if no cause is known that could come a second time. */
export function causeOf(ctx: Context): Cause | undefined {
	return ctx.get(causeKey);
}

/** A context whose work follows from a cause. */
export function withCause(ctx: Context, cause: Cause): Context {
	return ctx.withValue(causeKey, cause);
}

/** An operation of a handler: a call that it makes, or an event that it publishes. */
export interface Operation {
	/** A UUID, the same each time that the same cause does the same. */
	readonly id: string;
	/**
	 * Reports that the operation may not have happened. The next equal operation then counts as the same one and gets its
	 * id.
	 */
	failed(): void;
}

/**
 * The cause of other operations: an event that was delivered, a call that arrived with an id, or a request with an
 * idempotency key. It may come again after a crash. The operations of its handler have ids that are derived from it, so
 * that the second run has the ids of the first.
 */
export class Cause {
	/** The id of the event or of the call. */
	readonly id: string;
	/** The id of the first cause of all. */
	readonly correlationId: string;
	readonly #handler: string;
	/** By digest; the one that was asked for last is at the end. */
	#repetitions: Map<string, Repetitions> | undefined;
	/** The digest of every id that was given out. */
	#given: Map<string, string> | undefined;

	/**
	 * @param correlationId default: this is the first cause.
	 * @param handler distinguishes the handlers of one cause, such as the groups of an event. Their operations count as
	 * different even if they are equal.
	 */
	constructor(id: string, correlationId: string = id, handler = "") {
		this.id = id;
		this.correlationId = correlationId;
		this.#handler = handler;
	}

	/**
	 * Begins an operation of the handler. Its id follows from this cause, from the path and the input, and from how many
	 * equal operations of the cause are under way or have happened. The order of different operations has no effect on it.
	 *
	 * Begin it outside of retries, so that all attempts have one id; and tell {@link Operation.failed} when there was
	 * neither a reply nor a declared error.
	 *
	 * The 10,000 different operations that were begun last are remembered. An operation that comes again after so many
	 * others counts as the first of its kind.
	 *
	 * @param path the method, `service/method`, or the type of the event.
	 * @param name replaces the input. See {@link effectName}.
	 * @throws ServiceError `invalid_argument`, reason `id_collision`, when a different operation of this cause has the
	 * same id. Only a deliberate choice of inputs can bring that about.
	 */
	begin(path: string, input: unknown, name?: string): Operation {
		const seed = this.#handler === "" ? this.id : JSON.stringify([this.id, this.#handler]);
		const first = sha256(textOf(seed, path, input, name));
		const repetitions = this.#repetitionsOf(first);
		const index = repetitions.take();
		const digest = index === 0 ? first : sha256(`${first} ${index}`);
		const id = uuidv8(digest, this.id);
		this.#note(id, digest, path);
		return new Begun(id, repetitions, index);
	}

	#repetitionsOf(digest: string): Repetitions {
		this.#repetitions ??= new Map();
		const repetitions = this.#repetitions.get(digest) ?? new Repetitions();
		remember(this.#repetitions, digest, repetitions);
		return repetitions;
	}

	/** An id has 74 bits of the digest: too few to rule out that somebody finds two inputs with the same. */
	#note(id: string, digest: string, path: string): void {
		this.#given ??= new Map();
		if ((this.#given.get(id) ?? digest) !== digest) throw collision(path, id);
		remember(this.#given, id, digest);
	}
}

/** Equal operations of one cause. */
class Repetitions {
	#next = 0;
	/** The numbers of the operations that failed, in order. */
	readonly #free: number[] = [];

	/** The lowest number that no other has that is under way or has happened. */
	take(): number {
		return this.#free.shift() ?? this.#next++;
	}

	giveBack(index: number): void {
		this.#free.push(index);
		this.#free.sort((one, other) => one - other);
	}
}

class Begun implements Operation {
	readonly id: string;
	readonly #index: number;
	#repetitions: Repetitions | undefined;

	constructor(id: string, repetitions: Repetitions, index: number) {
		this.id = id;
		this.#repetitions = repetitions;
		this.#index = index;
	}

	failed(): void {
		this.#repetitions?.giveBack(this.#index);
		this.#repetitions = undefined;
	}
}

/** An operation as text. Different operations have different texts. */
function textOf(cause: string, path: string, input: unknown, name: string | undefined): string {
	if (name !== undefined) return JSON.stringify([cause, path, name]);
	return JSON.stringify([cause, path]) + dataText(input);
}

function remember<Value>(map: Map<string, Value>, key: string, value: Value): void {
	map.delete(key);
	map.set(key, value);
	if (map.size > maxOperations) forgetOldest(map);
}

function collision(path: string, id: string): ServiceError {
	return new ServiceError({
		code: "invalid_argument",
		reason: "id_collision",
		message: `${path} would have the id ${id}, which a different operation of the same handler has; its input was made so`,
	});
}
