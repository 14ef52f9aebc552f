import { type EndpointTable, ServiceError } from "@allium/core";
import { ServerConnection, type ServerConnectionOptions } from "@allium/core/frames";
import type { Listener } from "@allium/core/transport";
import type { Msg } from "@nats-io/transport-node";
import type { NatsLink } from "./nats-link.ts";
import { PipeTable, resetMessage } from "./nats-pipe.ts";
import { PlainRequests } from "./transport-requests.ts";
import { addressOf } from "./transport-subjects.ts";

/** The message that asks for a pipe: the letters of the preface of frames, `p`, and the version of the pipe. */
export const openMessage: Uint8Array = Uint8Array.of(0xa1, 0x6c, 0x70, 1);

/** The most pipes that others may hold open. */
const maxPipes = 10_000;

/** How a listener serves. */
export interface NatsListenerOptions extends ServerConnectionOptions {
	readonly link: NatsLink;
	/** The subject of the instance. */
	readonly subject: string;
	readonly namespace: string;
	readonly endpoints: EndpointTable;
}

/** Accepts pipes at the subject of an instance, and plain requests in addition. */
export class NatsListener implements Listener {
	readonly addresses: readonly string[];
	readonly #options: NatsListenerOptions;
	readonly #release: () => Promise<void>;
	readonly #pipes: PipeTable;
	readonly #requests: PlainRequests;
	readonly #stopAccepting: () => void;
	readonly #connections = new Set<ServerConnection>();

	private constructor(options: NatsListenerOptions) {
		const { link, subject } = options;
		this.addresses = [addressOf(subject)];
		this.#options = options;
		this.#release = link.use(true);
		this.#pipes = new PipeTable(link, subject);
		this.#requests = new PlainRequests(options);
		this.#stopAccepting = link.subscribe({ subject, receive: (message) => this.#accept(message) });
	}

	/** Rejects with `unavailable` when no server can be reached, and with `failed_precondition` when it refuses. */
	static async listen(options: NatsListenerOptions): Promise<NatsListener> {
		const { link, subject } = options;
		const listener = new NatsListener(options);
		let refused: string | undefined;
		const unlisten = link.listen({
			onLost: () => {},
			onRefused: (which) => {
				if (which === subject || which.startsWith(`${subject}.`)) refused = which;
			},
		});
		try {
			await link.opened();
			await link.flush();
			if (refused !== undefined) throw notPermitted(refused, link.location);
			return listener;
		} catch (error) {
			await listener.close();
			throw error;
		} finally {
			unlisten();
		}
	}

	async drain(): Promise<void> {
		this.#stopAccepting();
		const connections = [...this.#connections];
		await Promise.all([this.#requests.drain(), ...connections.map((connection) => connection.drain())]);
	}

	async close(): Promise<void> {
		this.#stopAccepting();
		await this.#requests.close();
		for (const connection of this.#connections) connection.close();
		this.#pipes.close();
		await this.#release();
	}

	#accept({ data, reply = "" }: Msg): void {
		if (reply === "") return;
		const { link, endpoints } = this.#options;
		const isOpen =
			data.length === openMessage.length && openMessage.every((byte, index) => byte === data[index]);
		if (!isOpen || this.#pipes.size >= maxPipes) {
			link.publish(reply, resetMessage);
			return;
		}
		const { pipe } = this.#pipes.open(addressOf(reply), reply);
		const connection = new ServerConnection(pipe, endpoints, this.#options);
		this.#connections.add(connection);
		void connection.closed.then(() => this.#connections.delete(connection));
	}
}

function notPermitted(subject: string, place: string): ServiceError {
	return new ServiceError({
		code: "failed_precondition",
		message: `the NATS server at ${place} does not let this user subscribe to "${subject}"; allow it what calls over NATS need, as their guide shows`,
	});
}
