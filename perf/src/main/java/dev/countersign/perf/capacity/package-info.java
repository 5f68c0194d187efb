/** How much the server holds and how soon it answers, in turns with an empty servlet, under a load generator of our own. */
package dev.countersign.perf.capacity;
