/** Takes registrations and messages from requests to the store, and answers them: start at {@link MessageServlet}. */
package dev.countersign.web.intake;
