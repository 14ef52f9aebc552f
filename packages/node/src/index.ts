import "./platform/node-version.ts";

export { type App, type AppLimits, type AppOptions, createApp } from "./app/app.ts";
export { ContractCheck } from "./app/contract-check.ts";
export { FailedProcess } from "./app/failed-process.ts";
export { reachableHost } from "./app/reachable-host.ts";
export { type Runnable, runUntilSignal } from "./app/run-until-signal.ts";
export { ServerProcess, type ServerProcessOptions } from "./app/server-process.ts";
export { type TextLoggerOptions, textLogger } from "./app/text-logger.ts";
export { within } from "./app/within.ts";
export { type Adapter, type Adapters, openRegistry } from "./config/adapters.ts";
export {
	type Config,
	type ConfigOverrides,
	type Environment,
	maskUrl,
	parseListen,
	readConfig,
} from "./config/config.ts";
export { type Credentials, parseCredentials, readCredentials } from "./config/credentials.ts";
export { DeferredRegistry } from "./config/deferred-registry.ts";
export { invalidConfiguration, isInvalidConfiguration } from "./config/invalid-configuration.ts";
export { cors } from "./http/cors.ts";
export { answerText, getJson, httpUrl, isRefused, type JsonAnswer } from "./http/get-json.ts";
export type { HttpLayer, HttpRequest, HttpResponse } from "./http/http-layer.ts";
export type { HttpPeerOptions } from "./http/http-peer.ts";
export { type HttpsOptions, http, https } from "./http/http-transport.ts";
export type { MetricsSource, Readiness } from "./http/operations.ts";
export { ResponseLayer } from "./http/response-layer.ts";
export { addVary } from "./http/vary.ts";
export { acceptFrames } from "./pipe/accept-frames.ts";
export { type FramesOptions, type FramesTlsOptions, frames, framesTls } from "./pipe/frames-transport.ts";
export { type NodeTransportsOptions, nodeTransports } from "./pipe/node-transports.ts";
export { SocketPipe } from "./pipe/socket-pipe.ts";
export { platformTimeout } from "./platform/timeout.ts";
export type { ProxyProtocol } from "./proxy/proxy-protocol.ts";
export { checkHosts, hostOf } from "./server/hosts.ts";
export { checkServerLimits, defaultServerLimits, type ServerLimits } from "./server/limits.ts";
export { isLoopback } from "./server/loopback.ts";
export { type FramesSession, listen, type ServerOptions } from "./server/server.ts";
export type { ClientCertificates, PlainPolicy, TlsOptions } from "./tls/tls-options.ts";
export { isOriginAllowed } from "./websocket/origin.ts";
export type { WebSocketsOptions } from "./websocket/websockets.ts";
