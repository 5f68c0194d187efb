/** What the operator sees and commands: status, metrics, ids, new messages. */
package dev.countersign.web.operator;
