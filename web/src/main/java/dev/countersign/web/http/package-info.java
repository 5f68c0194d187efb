/** The ports: Jetty, its threads and connections, their limits, and the refusals. Knows nothing of ids and messages. */
package dev.countersign.web.http;
