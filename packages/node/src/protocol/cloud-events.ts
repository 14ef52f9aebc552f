import {
	type AnyContract,
	type ContractDescription,
	describe,
	type Publish,
	ServiceError,
	toServiceError,
} from "@allium/core";
import { isBackendError } from "@allium/core/transport";
import { encodingRefusal, isReadEncoding, unreadEncoding } from "../http/content-coding.ts";
import { type HttpRequest, isGet } from "../http/http-request.ts";
import type { HttpResponse } from "../http/http-response.ts";
import { type Answer, errorAnswer, json, wrongVerb } from "./answer.ts";
import { type Accepted, contentMode, readEvents } from "./cloud-event-request.ts";
import type { OpenProtocol, Port, PortProtocol } from "./port-protocol.ts";

/** Which events are taken, and where they go. */
export interface CloudEventsOptions {
	/** The contracts whose events may be posted. Private events may not. */
	readonly contracts: readonly AnyContract[];
	readonly publish: Publish;
}

const below = "/-/events/";

/** A contract whose events are taken. */
interface AcceptedContract extends Accepted {
	readonly describe: () => ContractDescription;
}

/**
 * CloudEvents over HTTP: `POST /-/events/{contract}` publishes the posted events, in structured, binary or batch mode.
 * It answers 202 once the events are durable, with their receipts. The id and the source of the sender are kept, so
 * that an event which is posted again is a duplicate. `GET` there describes the contract.
 *
 * @throws TypeError for a contract without events that may be posted.
 */
export function cloudEvents({ contracts, publish }: CloudEventsOptions): PortProtocol {
	const accepted = new Map(
		contracts.map((contract) => {
			const { name: topic, events: declared } = contract["~allium"];
			const events = declared.filter((event) => !event.private);
			if (events.length === 0) throw new TypeError(`"${topic}" has no events that could be posted`);
			let description: ContractDescription | undefined;
			const described = (): ContractDescription => {
				description ??= describe(contract);
				return description;
			};
			return [topic, { topic, events, describe: described }] as const;
		}),
	);
	return {
		name: "CloudEvents",
		claims: [{ path: `${below}*` }],
		open: (port) => new CloudEvents(port, accepted, publish),
	};
}

class CloudEvents implements OpenProtocol {
	readonly #port: Port;
	readonly #accepted: ReadonlyMap<string, AcceptedContract>;
	readonly #publish: Publish;

	constructor(port: Port, accepted: ReadonlyMap<string, AcceptedContract>, publish: Publish) {
		this.#port = port;
		this.#accepted = accepted;
		this.#publish = publish;
	}

	handle(request: HttpRequest, response: HttpResponse): void {
		if (request.method !== "POST") {
			this.#port.respond(request, response, () => this.#describe(request));
			return;
		}
		this.#take(request, response)
			.catch((error) => refusal(this.#told(toServiceError(error), request.path)))
			.then((answer) => this.#port.answer(request, response, answer))
			.catch((error) => {
				this.#port.logger.log("error", "a request could not be answered", { path: request.path, error });
				response.destroy();
			});
	}

	async #take(request: HttpRequest, response: HttpResponse): Promise<Answer> {
		const carrier = await this.#port.carry(request, response);
		const { metadata, mediaType, contentEncoding, error } = carrier.head;
		if (error !== undefined) throw error;
		const accepted = this.#find(request.path.slice(below.length));
		const mode = contentMode(request, mediaType);
		if (!isReadEncoding(contentEncoding)) return unreadable(contentEncoding);
		const events = await readEvents(request, mode, await carrier.body(), accepted);
		// The published events carry on the trace and the metadata of the request, as they do in a call.
		const outgoing = metadata["~select"]((name) => name.startsWith("x-global-"));
		const ctx = carrier.ctx["~with"]({ metadata, outgoing, peer: request.peer });
		const receipts = await this.#publish(events, ctx);
		return json(202, { events: receipts.map(({ id, duplicate }) => ({ id, duplicate })) });
	}

	/** What a stranger sees of an error: nothing of one that the broker made, or another part behind the handler. */
	#told(error: ServiceError, path: string): ServiceError {
		if (error.domain === undefined && !isBackendError(error)) return error;
		this.#port.logger.log("warn", "posted events could not be published", { path, error });
		return new ServiceError({ code: error.code, retryAfterMs: error.retryAfterMs });
	}

	/** Tools learn from it what may be posted here, as no service may be up that describes the contract. */
	#describe(request: HttpRequest): Answer {
		const accepted = this.#find(request.path.slice(below.length));
		if (!isGet(request)) return wrongVerb(request.path, ["GET", "HEAD", "POST"]);
		return json(200, accepted.describe());
	}

	#find(topic: string): AcceptedContract {
		const found = this.#accepted.get(topic);
		if (found !== undefined) return found;
		const known = [...this.#accepted.keys()].map((name) => below + name).join(", ");
		const message = `no events are taken at ${below}${topic}, but at ${known}`;
		throw new ServiceError({ code: "not_found", reason: "unknown_topic", message });
	}
}

/** The answer to events that are not taken. */
function refusal(error: ServiceError): Answer {
	const { reason, retryAfterMs } = error;
	const headers = retryAfterMs === undefined ? {} : { "retry-after": String(Math.ceil(retryAfterMs / 1000)) };
	const answer = errorAnswer(error);
	return { ...answer, status: statuses[reason ?? ""] ?? answer.status, headers };
}

function unreadable(encoding: string | undefined): Answer {
	const { status, header } = encodingRefusal;
	return { ...errorAnswer(unreadEncoding(encoding)), status, headers: { [header[0]]: header[1] } };
}

/** The statuses that HTTP has for reasons, and codes have not. */
const statuses: Readonly<Record<string, number>> = {
	message_too_large: 413,
	event_too_large: 413,
	unsupported_media_type: 415,
};
