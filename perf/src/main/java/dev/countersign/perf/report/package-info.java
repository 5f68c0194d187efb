/** The page {@code reports/index.html}, drawn from {@code reports/data} alone. */
package dev.countersign.perf.report;
