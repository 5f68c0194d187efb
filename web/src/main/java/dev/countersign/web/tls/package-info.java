/** The server's certificate and private key, from the files that the settings name. */
package dev.countersign.web.tls;
