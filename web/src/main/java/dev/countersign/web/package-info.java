/** The program: {@link Main} and its commands, settings and logs; {@link CountersignServer} puts the server together. */
package dev.countersign.web;
