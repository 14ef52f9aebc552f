import { every, type Timer } from "@allium/core/transport";
import type { Msg } from "@nats-io/transport-node";
import { type MessageCarrier, MessagePipe } from "./message-pipe.ts";
import type { NatsLink } from "./nats-link.ts";
import { noPayload, PipeMessageType, readPipeMessage, writePipeMessage } from "./pipe-message.ts";

/** The most that goes into one message, in bytes: more would hold up the messages of others on the same connection. */
const longestMessageBytes = 64 * 1024;

/** The status with which the server says that nobody subscribes to the subject of a message. */
const noResponders = 503;

const tickMs = 1_000;

/**
 * One end of a pipe over NATS. It receives messages at its own subject, and sends messages to the subject of the other
 * end.
 */
export class NatsPipe implements MessageCarrier {
	readonly pipe: MessagePipe;
	/** The subject at which this end receives messages. */
	readonly subject: string;
	/** Resolves when the other end has answered. Rejects when it will not. */
	readonly answered: Promise<void>;
	readonly maxMessageBytes: number;
	readonly #link: NatsLink;
	readonly #leave: () => void;
	readonly #answer = Promise.withResolvers<void>();
	/** The subject of the other end. It is not known before the first message of that end. */
	#remote: string | undefined;
	/** The subject at which the pipe was requested. */
	#asked: string | undefined;

	/** @param address the name of the other end in messages. */
	constructor(
		link: NatsLink,
		subject: string,
		address: string,
		remote: string | undefined,
		leave: () => void,
	) {
		this.subject = subject;
		this.maxMessageBytes = Math.min(longestMessageBytes, link.maxMessageBytes);
		this.#link = link;
		this.#remote = remote;
		this.#leave = leave;
		this.answered = this.#answer.promise;
		// Nobody waits for an end that was accepted, or was given up.
		this.answered.catch(() => {});
		this.pipe = new MessagePipe({ address }, this);
	}

	/** Asks for the pipe at the subject of an instance. */
	ask(subject: string, message: Uint8Array): void {
		this.#asked = subject;
		this.#link.publish(subject, message, { reply: this.subject });
	}

	/** Whether this end publishes to a subject. */
	publishesTo(subject: string): boolean {
		return subject === this.#remote || subject === this.#asked;
	}

	/** The reply subject lets the server tell when nobody is there any more. */
	send(message: Uint8Array): void {
		if (this.#remote !== undefined) this.#link.publish(this.#remote, message, { reply: this.subject });
	}

	leave(): void {
		this.#leave();
		this.#answer.reject(new Error("the pipe was closed"));
	}

	receive(message: Msg): void {
		if (message.headers?.code === noResponders) {
			this.lose(this.#remote === undefined ? "nobody listens there" : "the process at the other end is gone");
			return;
		}
		if (this.#remote === undefined) {
			this.#remote = message.reply;
			this.#answer.resolve();
		}
		try {
			this.pipe.receive(message.data);
		} catch (error) {
			this.lose(String(error));
			throw error;
		}
	}

	lose(reason: string): void {
		this.#answer.reject(new Error(reason));
		this.pipe.lose(reason);
	}
}

/**
 * The open pipes of one side of a process. Their subjects lie below one subject, each with a token of its own, so that
 * one subscription serves all of them: it is there before the first message of any pipe.
 */
export class PipeTable {
	readonly #link: NatsLink;
	readonly #subject: string;
	readonly #pipes = new Map<string, NatsPipe>();
	readonly #leaves: readonly (() => void)[];
	#timer: Timer | undefined;

	/** @param subject the subject below which the subjects of the pipes lie. */
	constructor(link: NatsLink, subject: string) {
		this.#link = link;
		this.#subject = subject;
		this.#leaves = [
			link.subscribe({ subject: `${subject}.*`, receive: (message) => this.#receive(message) }),
			link.listen({
				onLost: (reason) => this.#loseAll(reason),
				onRefused: (refused, reason) => {
					if (refused === `${subject}.*`) this.#loseAll(reason);
					else for (const pipe of this.#all) if (pipe.publishesTo(refused)) pipe.lose(reason);
				},
			}),
		];
	}

	/** How many pipes are open. */
	get size(): number {
		return this.#pipes.size;
	}

	/**
	 * Opens an end of a pipe.
	 *
	 * @param address the name of the other end in messages.
	 * @param remote the subject of the other end, if it is known.
	 */
	open(address: string, remote?: string): NatsPipe {
		const token = crypto.randomUUID().replaceAll("-", "");
		const pipe = new NatsPipe(this.#link, `${this.#subject}.${token}`, address, remote, () =>
			this.#remove(token),
		);
		this.#pipes.set(token, pipe);
		this.#timer ??= every(tickMs, () => {
			for (const { pipe } of this.#all) pipe.tick();
		});
		return pipe;
	}

	/** Ends all pipes at once, and opens none any more. */
	close(): void {
		for (const leave of this.#leaves) leave();
		for (const { pipe } of this.#all) pipe.destroy();
	}

	/** A copy: pipes leave while it is used. */
	get #all(): NatsPipe[] {
		return [...this.#pipes.values()];
	}

	#remove(token: string): void {
		this.#pipes.delete(token);
		if (this.#pipes.size > 0) return;
		this.#timer?.stop();
		this.#timer = undefined;
	}

	#receive(message: Msg): void {
		const token = message.subject.slice(this.#subject.length + 1);
		const pipe = this.#pipes.get(token);
		if (pipe !== undefined) pipe.receive(message);
		else if (message.headers === undefined && message.reply !== "") this.#refuse(message);
	}

	/** The other end of a pipe that is gone here did not hear of it. */
	#refuse({ data, reply = "" }: Msg): void {
		const { type = PipeMessageType.reset } = readPipeMessage(data) ?? {};
		if (type === PipeMessageType.reset || type === PipeMessageType.end || reply === "") return;
		this.#link.publish(reply, resetMessage);
	}

	#loseAll(reason: string): void {
		for (const pipe of this.#all) pipe.lose(reason);
	}
}

/** Tells the other end of a pipe that is not there. */
export const resetMessage: Uint8Array = writePipeMessage({
	type: PipeMessageType.reset,
	position: 0,
	received: 0,
	payload: noPayload,
});
