/** Takes registrations and messages from requests to the store, and answers them: start at {@link PostServlet}. */
package dev.countersign.web.intake;
