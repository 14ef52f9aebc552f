import { connect, type Socket } from "node:net";
import { type ConnectionOptions, connect as connectSecurely } from "node:tls";
import { connectionFailure, placeOf, type ServerAddress, strangerAt, unanswered } from "@allium/backend";
import { ServiceError } from "@allium/core";
import { unavailable } from "@allium/core/adapter";
import { after, afterSilence, type Timer } from "@allium/core/transport";
import { FrameReader, framed } from "./frame-reader.ts";
import { JuteReader, JuteWriter } from "./jute.ts";
import { NodeWatchers, type Watch } from "./node-watchers.ts";
import { ZooFault, zooCodes } from "./zoo-fault.ts";

/** The numbers of frames that answer no request. */
const notificationXid = -1;
const pingXid = -2;
const authXid = -4;

/** How often a ping goes out within the time of a session. */
const pingsPerSession = 5;
/** How many of them may be without an answer. */
const mostUnanswered = 2;

const pingType = 11;
const authType = 100;
const closeType = -11;

/** The ticket of a session, by which a client continues it on another connection. */
export interface SessionTicket {
	readonly id: bigint;
	readonly password: Uint8Array;
	/** How long the session lasts without a sign of life, in milliseconds, as the server grants it. */
	readonly timeoutMs: number;
}

/** How a connection is made. */
export interface ZooAddress {
	readonly server: ServerAddress;
	/** Undefined for a connection without TLS. */
	readonly tls: ConnectionOptions | undefined;
	/** `user:password`; undefined where there is none. */
	readonly login: string | undefined;
	/** How long the server may take to accept the connection, in milliseconds. */
	readonly limitMs: number;
}

/** A session is asked for with this ticket. */
export function newTicket(timeoutMs: number): SessionTicket {
	return { id: 0n, password: new Uint8Array(16), timeoutMs };
}

interface Waiting {
	readonly xid: number;
	readonly watch: Watch | undefined;
	resolve(answer: JuteReader): void;
	reject(error: unknown): void;
}

/**
 * One connection to a server of ZooKeeper, on which a session begins or goes on. It is over when nothing arrives for
 * three fifths of the time of the session, so that there is time left to go on elsewhere. All its requests fail with
 * it.
 */
export class ZooConnection {
	/** Undefined where the server has forgotten the session. */
	ticket: SessionTicket | undefined;
	readonly place: string;
	readonly #watchers = new NodeWatchers();
	readonly #socket: Socket;
	readonly #accepted = Promise.withResolvers<void>();
	readonly #over = Promise.withResolvers<ServiceError>();
	readonly #waiting: Waiting[] = [];
	readonly #isSecure: boolean;
	#isAccepted = false;
	#failure: ServiceError | undefined;
	#xid = 0;
	/** How many pings went out since something arrived. */
	#unanswered = 0;
	#timer: Timer;

	private constructor({ server, tls, limitMs }: ZooAddress) {
		this.place = placeOf(server);
		this.#isSecure = tls !== undefined;
		const socket = tls === undefined ? connect(server) : connectSecurely({ ...tls, ...server });
		this.#socket = socket.setNoDelay();
		this.#timer = afterSilence(limitMs, () => this.end(unanswered("ZooKeeper", this.place, limitMs)));
		const frames = new FrameReader((frame) => this.#take(frame));
		socket.on("data", (bytes: Buffer) => this.#read(frames, bytes));
		socket.on("error", (error) => this.#broken(error));
		socket.on("close", () => this.#hungUp());
		this.#accepted.promise.catch(() => {});
	}

	/**
	 * Connects, and asks for a session.
	 *
	 * @throws ServiceError that says what to do.
	 */
	static async open(address: ZooAddress, ticket: SessionTicket): Promise<ZooConnection> {
		const connection = new ZooConnection(address);
		const hello = new JuteWriter()
			.int(0)
			.long(0n)
			.int(ticket.timeoutMs)
			.long(ticket.id)
			.bytes(ticket.password);
		connection.#socket.write(framed(hello.boolean(false)));
		await connection.#accepted.promise;
		if (connection.ticket !== undefined && address.login !== undefined) connection.#logIn(address.login);
		return connection;
	}

	/** Resolves with the reason when the connection is over. */
	get over(): Promise<ServiceError> {
		return this.#over.promise;
	}

	get isOver(): boolean {
		return this.#failure !== undefined;
	}

	/**
	 * Asks for something.
	 *
	 * @param write writes the request after its header.
	 * @param watch is told once, of the first change after the answer.
	 * @throws ZooFault where ZooKeeper refuses; ServiceError `unavailable` where the connection is over.
	 */
	ask(type: number, write: (request: JuteWriter) => JuteWriter, watch?: Watch): Promise<JuteReader> {
		if (this.#failure !== undefined) return Promise.reject(this.#failure);
		const xid = ++this.#xid;
		return new Promise((resolve, reject) => {
			this.#waiting.push({ xid, watch, resolve, reject });
			this.#socket.write(framed(write(new JuteWriter().int(xid).int(type))));
		});
	}

	/** Ends the connection. The session lasts on for its time, unless it is asked to end with it. */
	end(reason: ServiceError, endsSession = false): void {
		if (this.#failure !== undefined) return;
		this.#failure = reason;
		this.#timer.stop();
		if (endsSession) this.#socket.write(framed(new JuteWriter().int(++this.#xid).int(closeType)));
		if (endsSession) this.#socket.destroySoon();
		else this.#socket.destroy();
		this.#accepted.reject(reason);
		for (const { reject } of this.#waiting.splice(0)) reject(reason);
		this.#watchers.clear();
		this.#over.resolve(reason);
	}

	/** ZooKeeper takes any user and password. It compares them with the user and password of each node. */
	#logIn(login: string): void {
		const request = new JuteWriter().int(authXid).int(authType).int(0).text("digest").text(login);
		this.#socket.write(framed(request));
	}

	#read(frames: FrameReader, bytes: Buffer): void {
		this.#unanswered = 0;
		try {
			frames.push(bytes);
		} catch (error) {
			this.end(strangerAt("ZooKeeper", this.place, error instanceof Error ? error.message : String(error)));
		}
	}

	#take(frame: Buffer): void {
		if (this.#failure !== undefined) return;
		const reader = new JuteReader(frame);
		if (!this.#isAccepted) this.#accept(reader);
		else this.#answer(reader);
	}

	#accept(reader: JuteReader): void {
		reader.int();
		const [timeoutMs, id, password] = [reader.int(), reader.long(), Buffer.from(reader.bytes())];
		this.#isAccepted = true;
		this.#timer.stop();
		if (timeoutMs > 0) {
			this.ticket = { id, password, timeoutMs };
			this.#schedulePing(timeoutMs);
		}
		this.#accepted.resolve();
	}

	#answer(reader: JuteReader): void {
		const [xid, , code] = [reader.int(), reader.long(), reader.int()];
		if (xid === pingXid) return;
		if (xid === notificationXid) this.#watchers.tell(reader);
		else if (xid === authXid) {
			if (code !== 0) this.end(refusedLogin(this.place));
		} else this.#settle(xid, code, reader);
	}

	#settle(xid: number, code: number, reader: JuteReader): void {
		const waiting = this.#waiting.shift();
		if (waiting?.xid !== xid) throw new Error("it answers what nobody asked");
		// At once, because the first change may be told with the next bytes.
		const { watch } = waiting;
		const isSet = code === 0 || (code === zooCodes.noNode && watch?.isOfAbsence === true);
		if (watch !== undefined && isSet) this.#watchers.add(watch);
		if (code === 0) waiting.resolve(reader);
		else waiting.reject(new ZooFault(code));
	}

	/** Pings are counted, and not the time: a process that was busy has not read yet what arrived. */
	#schedulePing(timeoutMs: number): void {
		this.#timer = after(timeoutMs / pingsPerSession, () => {
			if (this.#unanswered >= mostUnanswered) {
				this.end(unanswered("ZooKeeper", this.place, (timeoutMs * mostUnanswered) / pingsPerSession));
				return;
			}
			this.#unanswered++;
			this.#socket.write(framed(new JuteWriter().int(pingXid).int(pingType)));
			this.#schedulePing(timeoutMs);
		});
	}

	#broken(error: Error): void {
		const isHangUp = "code" in error && (error.code === "ECONNRESET" || error.code === "EPIPE");
		if (isHangUp) this.#hungUp();
		else this.end(connectionFailure("ZooKeeper", this.place, error));
	}

	#hungUp(): void {
		const other = this.#isSecure
			? '; if it does not speak TLS, leave out "+tls"'
			: "; if it takes TLS only, write zookeeper+tls:// in its URL";
		const hint = this.#isAccepted ? "" : other;
		this.end(unavailable(`ZooKeeper at ${this.place} has closed the connection${hint}`));
	}
}

function refusedLogin(place: string): ServiceError {
	return new ServiceError({
		code: "failed_precondition",
		message: `ZooKeeper at ${place} takes no user and password: switch its digest authentication on, or leave them out of the URL`,
	});
}
