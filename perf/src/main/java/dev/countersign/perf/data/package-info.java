/** What the measurements hand over to the report, as {@code reports/data} keeps it. */
package dev.countersign.perf.data;
