/**
 * What transports and adapters in other packages are made of: `@allium/core/transport`. Services and clients do
 * not need it.
 */

export { type ClientEndpoints, clientEndpoints } from "../client/client.ts";
export { follow, type RegistryFollower } from "../client/follow.ts";
export { CallScope, succeeded } from "../context/call-scope.ts";
export {
	Cancellation,
	callIsOver,
	canceled,
	deadlineExceeded,
	type Follower,
	type Following,
} from "../context/cancellation.ts";
export { securityOf } from "../contract/security.ts";
export { fromBase64, toBase64 } from "../encoding/base64.ts";
export { checkedChain, trusted } from "../endpoint/checked-chain.ts";
export { guardsOperations, securityOfGuard } from "../endpoint/guard.ts";
export { abandon, leave } from "../endpoint/leave-stream.ts";
export { mapStream } from "../endpoint/map-stream.ts";
export { codeFromNumber, codeNumber } from "../errors/code.ts";
export { type DetailFacts, type ErrorDetail, errorDetails, readErrorDetails } from "../errors/details.ts";
export { isMistake, kindOf, Mistake } from "../errors/mistake.ts";
export { type Origin, serviceErrorFrom } from "../errors/service-error.ts";
export { checkFramesOptions } from "../frames/frames-peer.ts";
export { ResetCount } from "../frames/reset-count.ts";
export { checkFrameLimits } from "../frames/settings.ts";
export { WebSocketPipe, webSocketPath, webSocketProtocol } from "../frames/websocket-pipe.ts";
export { type ConnectError, readConnectError, toConnectError } from "../http/connect/connect-error.ts";
export { mediaType, streamType, streamTypeOf, unaryType, unaryTypeOf } from "../http/connect/content-type.ts";
export {
	EnvelopeReader,
	endStreamFlag,
	envelopeHeadBytes,
	writeEnvelope,
} from "../http/connect/envelope.ts";
export { getQuery } from "../http/connect/get-query.ts";
export {
	appendHeader,
	headerValue,
	isProtocolHeader,
	trailerPrefix,
	trailersToJson,
} from "../http/connect/headers.ts";
export { HttpCall, type HttpExit } from "../http/connect/http-call.ts";
export {
	type HttpCallTarget,
	type HttpCallTargetInit,
	httpCallTarget,
} from "../http/connect/http-call-target.ts";
export { HttpCalls } from "../http/connect/http-calls.ts";
export { type MessageSource, MessageStream } from "../http/connect/message-stream.ts";
export { isSingleHeader, repeatedHeader } from "../http/connect/repeated-header.ts";
export { requestHeaders } from "../http/connect/request-headers.ts";
export { StreamCall } from "../http/connect/stream-call.ts";
export { UnaryCall } from "../http/connect/unary-call.ts";
export { checkedLogger } from "../logger/checked-logger.ts";
export { isCallVerb } from "../routes/call-verb.ts";
export { Coercion } from "../routes/coercion.ts";
export { routeErrorReply } from "../routes/error-reply.ts";
export { routeReply } from "../routes/output-reply.ts";
export { isOwnPath } from "../routes/own-path.ts";
export { readRoutes } from "../routes/read-routes.ts";
export { type RouteRequest, routeInput } from "../routes/route-input.ts";
export { codeOfStatus, httpStatus } from "../routes/status.ts";
export { escapeMarkup } from "../routes/template-body.ts";
export { askGuard } from "../service/ask-guard.ts";
export { Backoff, type BackoffBounds, type BackoffOptions } from "../time/backoff.ts";
export { checkDuration, type DurationKind } from "../time/duration.ts";
export { after, every, longestDelayMs, type Timer } from "../time/timer.ts";
export { Deadlines, type Expiring } from "./deadlines.ts";
export { LinkedList, type Place } from "./linked-list.ts";
export { decodeBytes } from "./message-text.ts";
export { type CallObserver, type ObservedEndpoint, observeCalls } from "./observe-calls.ts";
export { clientClosed, messageTooLarge, unreachable } from "./transport-errors.ts";
