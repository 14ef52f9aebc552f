/** HTTP without sockets: REST routes, OpenAPI, the Connect protocol and a client over `fetch`: `@allium/core/http`. */

export type { Compression } from "./http/connect/compression.ts";
export { type ConnectError, readConnectError, toConnectError } from "./http/connect/connect-error.ts";
export { mediaType, streamType, streamTypeOf, unaryType, unaryTypeOf } from "./http/connect/content-type.ts";
export {
	compressedFlag,
	EnvelopeReader,
	endStreamFlag,
	envelopeHeadBytes,
	writeEnvelope,
} from "./http/connect/envelope.ts";
export { getQuery } from "./http/connect/get-query.ts";
export {
	appendHeader,
	type HeaderName,
	headerNameOf,
	headerValue,
	isProtocolHeader,
	trailerPrefix,
	trailersToJson,
} from "./http/connect/headers.ts";
export { HttpCall, type HttpExit } from "./http/connect/http-call.ts";
export {
	type HttpCallee,
	type HttpCalleeInit,
	httpCallee,
} from "./http/connect/http-callee.ts";
export { HttpCalls } from "./http/connect/http-calls.ts";
export { HttpMessages, type MessageBody } from "./http/connect/http-messages.ts";
export { isSingleHeader, repeatedHeader } from "./http/connect/repeated-header.ts";
export { requestHeaders } from "./http/connect/request-headers.ts";
export { StreamCall } from "./http/connect/stream-call.ts";
export { UnaryCall } from "./http/connect/unary-call.ts";
export { type FetchOptions, fetchTransport } from "./http/fetch-transport.ts";
export {
	type OpenApiDocument,
	type OpenApiOperation,
	type OpenApiOptions,
	openapi,
} from "./http/openapi/openapi.ts";
export type { OpenApiParameter } from "./http/openapi/parameters.ts";
export { type RouteTransportOptions, routeTransport } from "./http/route-transport.ts";
export { isCallVerb } from "./routes/call-verb.ts";
export { Coercion } from "./routes/coercion.ts";
export { type RouteReply, routeErrorReply } from "./routes/error-reply.ts";
export { routeReply } from "./routes/output-reply.ts";
export { isOwnPath } from "./routes/own-path.ts";
export { readRoutes } from "./routes/read-routes.ts";
export { type RouteRequest, routeInput } from "./routes/route-input.ts";
export type { RouteOptions, RouteSpec } from "./routes/route-spec.ts";
export { RouteTable, type ServedRoute } from "./routes/route-table.ts";
export type { RouterMatch } from "./routes/router.ts";
export { del, get, patch, post, put, type RouteSpecs, type RoutesOptions, routes } from "./routes/routes.ts";
export { codeOfStatus, httpStatus } from "./routes/status.ts";
export { escapeMarkup } from "./routes/template-body.ts";
