/** How much the server holds and how soon it answers, in turns with the floor, under a load generator of our own. */
package dev.countersign.perf.capacity;
