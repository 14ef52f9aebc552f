import { type Context, ServiceError } from "@allium/core";
import type { BackendServer, RequestKind } from "./backend-server.ts";
import type { NetworkNode, SimulatedNetwork } from "./network.ts";
import type { SimulatedProcess } from "./simulated-process.ts";
import type { Simulator } from "./simulator.ts";

/** How long to wait for an answer, in milliseconds. */
const answerTimeoutMs = 1_500;

/** A request to a backend: its name in the log, and its kind. */
export interface Request {
	readonly name: string;
	readonly kind: RequestKind;
}

/**
 * Sends requests to the node of a backend. Each request has its own connection, as in a pool: requests overtake one
 * another, wait while the network is cut, and may be carried out long after the client has given up.
 */
export class BackendChannel {
	readonly #simulator: Simulator;
	readonly #network: SimulatedNetwork;
	readonly #from: NetworkNode;
	readonly #to: NetworkNode;
	readonly #server: () => BackendServer;

	constructor(
		simulator: Simulator,
		network: SimulatedNetwork,
		from: NetworkNode,
		to: NetworkNode,
		server: () => BackendServer,
	) {
		this.#simulator = simulator;
		this.#network = network;
		this.#from = from;
		this.#to = to;
		this.#server = server;
	}

	/** The URL of the backend, for people to read. */
	get location(): string {
		return `sim://${this.#to.name}`;
	}

	/**
	 * Returns the backend's answer. Fails with `unavailable` when none arrives in time, and with the error of the
	 * context when that ends before.
	 */
	ask<Answer>(
		request: Request,
		ctx: Context,
		run: (server: BackendServer) => Promise<Answer>,
	): Promise<Answer> {
		if (ctx.error !== undefined) return Promise.reject(ctx.error);
		const owner = this.#simulator.current;
		return new Promise((resolve, reject) => {
			const end = (settle: () => void): void => {
				timer.canceled = true;
				unlisten();
				settle();
			};
			const fail = (why: string): void => end(() => reject(unavailable(request, this.#to.name, why)));
			const timer = this.#simulator.schedule(answerTimeoutMs, () => fail("did not answer"));
			const unlisten = ctx["~cancellation"].listen((error) => end(() => reject(error)));
			const back = (settle: () => void): void => this.#back(owner, settle);
			this.#there({
				refused: () => back(() => fail("refused the connection")),
				arrived: (process) => this.#carryOut(process, request, run, { resolve, reject, fail, end, back }),
			});
		});
	}

	/** Brings a request to the backend's node. */
	#there(then: { refused(): void; arrived(process: SimulatedProcess): void }): void {
		const to = this.#to;
		this.#network.transmit(this.#from.name, to.name, { busyUntil: 0 }, () => {
			const { process } = to;
			if (process !== undefined) this.#simulator.enter(process, () => then.arrived(process));
			else if (!to.dark) then.refused();
		});
	}

	#back(owner: SimulatedProcess, settle: () => void): void {
		this.#network.transmit(this.#to.name, this.#from.name, { busyUntil: 0 }, () =>
			this.#simulator.enter(owner, settle),
		);
	}

	#carryOut<Answer>(
		process: SimulatedProcess,
		{ name, kind }: Request,
		run: (server: BackendServer) => Promise<Answer>,
		{ resolve, reject, fail, end, back }: Answering<Answer>,
	): void {
		const server = this.#server();
		this.#simulator.note(`${name} from ${this.#from.name}`);
		const forget = process.onCrash((silent) => {
			if (!silent) back(() => fail("reset the connection"));
		});
		const answer = (settle: () => void): void => {
			forget();
			if (process.alive && !server.losesReply(kind)) back(() => end(settle));
		};
		server
			.carryOut(kind, () => run(server))
			.then(
				(value) => answer(() => resolve(value)),
				(error) => answer(() => reject(error)),
			);
	}
}

/** The two ways in which a request ends. */
interface Answering<Answer> {
	resolve(answer: Answer): void;
	reject(error: unknown): void;
	fail(why: string): void;
	/** Settles the request, unless it is settled. */
	end(settle: () => void): void;
	/** Brings an answer to the client. */
	back(settle: () => void): void;
}

function unavailable({ name }: Request, backend: string, why: string): ServiceError {
	return new ServiceError({ code: "unavailable", message: `${name}: the ${backend} ${why}` });
}
