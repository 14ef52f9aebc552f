import { ServiceError } from "@allium/core";
import type { NetworkNode, SimulatedNetwork } from "./network.ts";
import type { RegistryNews, RegistryServer, Subscriber } from "./registry-server.ts";
import type { Simulator } from "./simulator.ts";

/** How long to wait for an answer before the request counts as lost, and how many times to send it. */
const answerTimeoutMs = 400;
const tries = 3;

/**
 * Sends requests to another node as datagrams, which may be lost, doubled or delayed. It repeats a request until an
 * answer arrives.
 */
export class RegistryChannel {
	readonly #simulator: Simulator;
	readonly #network: SimulatedNetwork;
	readonly #from: NetworkNode;
	readonly #to: NetworkNode;
	readonly #server: () => RegistryServer | undefined;

	constructor(
		simulator: Simulator,
		network: SimulatedNetwork,
		from: NetworkNode,
		to: NetworkNode,
		server: () => RegistryServer | undefined,
	) {
		this.#simulator = simulator;
		this.#network = network;
		this.#from = from;
		this.#to = to;
		this.#server = server;
	}

	/**
	 * Returns the server's answer, or fails with `unavailable` when none arrives. The request must be safe to execute
	 * twice.
	 */
	async ask<Answer>(name: string, request: (server: RegistryServer) => Promise<Answer>): Promise<Answer> {
		for (let attempt = 1; attempt <= tries; attempt++) {
			const answer = await this.#once(name, request);
			if (answer !== undefined) return answer.value;
		}
		throw new ServiceError({ code: "unavailable", message: `the registry did not answer to ${name}` });
	}

	/** A subscriber of the running process, whose messages may be lost, doubled and reordered. */
	subscriber(isWanted: () => boolean, take: (news: RegistryNews) => void): Subscriber {
		const owner = this.#simulator.current;
		return {
			isAlive: () => owner.alive && isWanted(),
			tell: (news) =>
				this.#network.send(this.#to.name, this.#from.name, () =>
					this.#simulator.enter(owner, () => take(news)),
				),
		};
	}

	#once<Answer>(
		name: string,
		request: (server: RegistryServer) => Promise<Answer>,
	): Promise<{ value: Answer } | undefined> {
		const owner = this.#simulator.current;
		const from = this.#from.name;
		const to = this.#to.name;
		return new Promise((resolve, reject) => {
			const timer = this.#simulator.schedule(answerTimeoutMs, () => resolve(undefined));
			const settle = (how: () => void): void => {
				this.#network.send(to, from, () =>
					this.#simulator.enter(owner, () => {
						timer.canceled = true;
						how();
					}),
				);
			};
			this.#network.send(from, to, () => {
				const server = this.#server();
				if (server === undefined || this.#to.process === undefined) return;
				this.#simulator.enter(this.#to.process, () => {
					this.#simulator.note(`${name} from ${from}`);
					request(server).then(
						(value) => settle(() => resolve({ value })),
						(error) => settle(() => reject(error)),
					);
				});
			});
		});
	}
}
