package dev.countersign.core;

/** The Kafka topic that messages go to, in place of files. */
public record TopicSettings(
        @Setting(
                name = "log",
                label = "URL",
                byDefault = "files in the home",
                help = "kafka://HOST:PORT,HOST:PORT/TOPIC logs messages in a Kafka topic, for several servers: see"
                        + " docs/several-machines.md.")
        String url,

        @Setting(
                name = "log-config",
                label = "FILE",
                byDefault = "none",
                help = "Properties of Kafka's client for TLS and SASL: security.*, ssl.*, sasl.*.")
        String clientConfig) {

    /** Files in the home. */
    public static TopicSettings defaults() {
        return new TopicSettings("", "");
    }

    public boolean isInHome() {
        return url.isEmpty();
    }
}
