export { type PinoLike, pinoLogger } from "./pino-logger.ts";
export { startTelemetry, type Telemetry, type TelemetryOptions } from "./telemetry.ts";
