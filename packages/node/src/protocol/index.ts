// The parts from which a protocol on the port is made: @allium/node/protocol.

export { type BodyReader, type HttpRequest, headerOf } from "../http/http-request.ts";
export type { HttpResponse } from "../http/http-response.ts";
export { readHead } from "../http/read-head.ts";
export type { RequestHead } from "../http/request-head.ts";
export { admit } from "./admission.ts";
export { type Answer, errorAnswer, wrongVerb } from "./answer.ts";
export { type CloudEventsOptions, cloudEvents } from "./cloud-events.ts";
export type { CallProtocol, Exchange } from "./exchange.ts";
export type { ExchangeHost } from "./exchange-host.ts";
export { type OutputFraming, OutputPump } from "./output-pump.ts";
export {
	type CallOptions,
	type CarriedCall,
	type CarriedCallOptions,
	type Carrier,
	type CarrierStream,
	type CarryOptions,
	type Claim,
	type ContentTypeClaim,
	type MatchClaim,
	type OpenProtocol,
	type PathClaim,
	type Port,
	type PortProtocol,
	precedence,
	type Readiness,
} from "./port-protocol.ts";
