package dev.countersign.core.kafka;

import dev.countersign.core.Home;
import dev.countersign.core.StartupException;
import dev.countersign.core.TopicSettings;
import java.io.Closeable;
import java.io.IOException;
import java.io.Reader;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.clients.ClientDnsLookup;
import org.apache.kafka.clients.ClientUtils;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartitionInfo;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.InvalidReplicationFactorException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A topic of a Kafka cluster, as it was when it was opened: one made anew under the same name is another. */
final class Topic implements Closeable {

    /** For whatever is asked of Kafka but to log a message. */
    static final int WAIT_MILLIS = 10_000;

    /** The largest record of a topic made here: 1 MiB of control characters, six bytes each, and what is around them. */
    static final int MAX_RECORD_BYTES = 8 * 1024 * 1024;

    private static final Logger log = LoggerFactory.getLogger(Topic.class);
    private static final Pattern URL = Pattern.compile("kafka://([^/?#@]+)/([A-Za-z0-9._-]{1,249})");
    private static final String CLIENT_SETTINGS = "(security|ssl|sasl)[.].+"; // others could weaken what a 201 means
    private static final int REQUEST_MILLIS = 3_000;

    /** What a topic's setting may be, as a regular expression, by which it can lose messages. */
    private static final Map<String, String> RISKS = Map.of(
            "min.insync.replicas=[01]", "a 201 may stand on one broker alone, and be lost with it",
            "unclean.leader.election.enable=true", "a broker that lacks messages may become their leader",
            "cleanup.policy=.*compact.*", "of each client's messages only the last is kept",
            "retention[.](ms|bytes)=[0-9]+", "older messages are removed; -1 keeps them");

    /** A request of Kafka's protocol that needs no log-in: a length of 10, key 18, version 0, number 0, no client's name. */
    private static final byte[] API_VERSIONS = {0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 0, -1, -1};

    private static final int TLS_ALERT = 0x15; // the first byte of one
    private static final int PROBE_MILLIS = 1_000;

    private static final int LOOKS = 50;
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

    private final String name;
    private final Map<String, Object> client;
    private final Admin admin;
    private Uuid id = Uuid.ZERO_UUID;
    private int partitions;
    private int leastInSync = 1;
    private volatile boolean isReplaced;

    private Topic(String name, Map<String, Object> client) {
        this.name = name;
        this.client = client;
        admin = Admin.create(client);
    }

    /**
     * Opens a topic, and with it what uses it; to write, makes it where it is missing, and warns of what can lose
     * messages.
     *
     * @param user closes the topic with itself; this does where the user fails
     * @throws StartupException where it can't be used
     */
    static <T> T open(TopicSettings settings, boolean isToWrite, Function<Topic, T> user) {
        Matcher url = URL.matcher(settings.url());
        if (!url.matches()) {
            throw new StartupException("--log must be kafka://HOST:PORT,HOST:PORT/TOPIC, not " + settings.url());
        }
        try {
            Topic topic = new Topic(url.group(2), client(settings, url.group(1)));
            try {
                topic.look(isToWrite);
                return user.apply(topic);
            } catch (KafkaException e) {
                topic.close();
                throw e;
            }
        } catch (KafkaException | IOException e) {
            throw unusable(settings, e);
        }
    }

    private static StartupException unusable(TopicSettings settings, Exception e) {
        Throwable cause = e.getCause() instanceof KafkaException ? e.getCause() : e;
        String reason = cause instanceof KafkaException ? String.valueOf(cause.getMessage()) : Home.reason(cause);
        return new StartupException(
                "can't use the log " + settings.url() + ": " + reason.replaceFirst("(?s)[.]?(\\n.*)?$", "")
                        + ". Check --log and --log-config.",
                e,
                // also while fewer brokers have started than the topic needs
                e instanceof RetriableException || e instanceof InvalidReplicationFactorException);
    }

    private static Map<String, Object> client(TopicSettings settings, String brokers) throws IOException {
        Properties file = new Properties();
        if (!settings.clientConfig().isEmpty()) {
            try (Reader reader = Files.newBufferedReader(Path.of(settings.clientConfig()))) {
                file.load(reader);
            }
        }
        Map<String, Object> client = new HashMap<>();
        for (String each : file.stringPropertyNames()) {
            if (!each.matches(CLIENT_SETTINGS)) {
                throw new StartupException(
                        "--log-config takes security.*, ssl.* and sasl.* only; remove " + each + " from the file");
            }
            client.put(each, file.getProperty(each));
        }
        if (!file.getProperty(CommonClientConfigs.SECURITY_PROTOCOL_CONFIG, "").matches("(?i)(SASL_)?SSL")) {
            ClientUtils.parseAndValidateAddresses(List.of(brokers.split(",")), ClientDnsLookup.USE_ALL_DNS_IPS)
                    .forEach(Topic::requirePlain);
        }
        client.put(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG, brokers);
        client.put(CommonClientConfigs.CLIENT_ID_CONFIG, "countersign");
        client.put(CommonClientConfigs.ENABLE_METRICS_PUSH_CONFIG, false); // the jar of the server lacks what it needs
        client.put(CommonClientConfigs.REQUEST_TIMEOUT_MS_CONFIG, REQUEST_MILLIS);
        client.put(CommonClientConfigs.DEFAULT_API_TIMEOUT_MS_CONFIG, WAIT_MILLIS);
        return client;
    }

    /**
     * Kafka's client takes the alert of a broker that speaks TLS for an answer of 352 MB, and asks for so much memory.
     *
     * @throws StartupException if the broker speaks TLS
     */
    private static void requirePlain(InetSocketAddress broker) {
        try (Socket socket = new Socket()) {
            socket.connect(broker, PROBE_MILLIS);
            socket.setSoTimeout(PROBE_MILLIS);
            socket.getOutputStream().write(API_VERSIONS);
            if (socket.getInputStream().read() == TLS_ALERT) {
                throw new StartupException("the broker " + broker
                        + " speaks TLS: set security.protocol to SSL or SASL_SSL in the file of --log-config");
            }
        } catch (IOException e) {
            log.debug("can't ask whether it speaks TLS: {}", broker, e); // Kafka's client says what is wrong
        }
    }

    private void look(boolean isToWrite) {
        Optional<TopicDescription> found = find();
        if (found.isEmpty() && isToWrite) {
            make();
            for (int looks = 0; found.isEmpty() && looks < LOOKS; looks++) { // not every broker knows it at once
                LockSupport.parkNanos(LOOK_NANOS);
                found = find();
            }
        }
        TopicDescription topic =
                found.orElseThrow(() -> new UnknownTopicOrPartitionException("there is no such topic"));
        id = topic.topicId();
        partitions = topic.partitions().size();
        if (isToWrite) {
            warn(topic);
        }
    }

    private Optional<TopicDescription> find() {
        try {
            return Optional.of(
                    get(admin.describeTopics(List.of(name)).allTopicNames()).get(name));
        } catch (UnknownTopicOrPartitionException e) {
            return Optional.empty();
        }
    }

    /** With as many partitions and replicas as the brokers' own settings say. */
    private void make() {
        NewTopic topic = new NewTopic(name, Optional.empty(), Optional.empty())
                .configs(Map.of(
                        "unclean.leader.election.enable", "false",
                        "retention.ms", "-1",
                        "max.message.bytes", String.valueOf(MAX_RECORD_BYTES)));
        try {
            get(admin.createTopics(List.of(topic)).all());
            log.info("made the topic {}", name);
        } catch (TopicExistsException e) {
            log.info("another server has made the topic {} meanwhile", name);
        }
    }

    private void warn(TopicDescription topic) {
        ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, name);
        Config config = get(admin.describeConfigs(List.of(resource)).all()).get(resource);
        leastInSync = Integer.parseInt(config.get("min.insync.replicas").value());
        for (ConfigEntry each : config.entries()) {
            String setting = each.name() + "=" + each.value();
            RISKS.forEach((risk, what) -> {
                if (setting.matches(risk)) {
                    log.warn("the topic {} has {}: {}", name, setting, what);
                }
            });
        }
        if (topic.partitions().stream().anyMatch(each -> each.replicas().size() < 2)) {
            log.warn("the topic {} has partitions with one replica: who loses that broker loses messages", name);
        }
        log.info("a 201 means that each in-sync replica of the topic {} has the message, not that it is flushed", name);
    }

    /** @throws KafkaException where a message can't be logged now, or the topic is not the one that was opened */
    void requireWell() {
        TopicDescription found = find().orElseThrow(() -> new KafkaException("it was deleted"));
        if (!found.topicId().equals(id)) {
            isReplaced = true;
            throw new KafkaException(
                    "it was made anew while the server runs. Restart the server to go on in the new one.");
        }
        for (TopicPartitionInfo each : found.partitions()) {
            if (each.leader() == null || each.leader().isEmpty() || each.isr().size() < leastInSync) {
                throw new KafkaException("partition " + each.partition() + " has no leader, or "
                        + each.isr().size() + " replicas in sync where it needs " + leastInSync);
            }
        }
    }

    /** Ends in time, as Kafka's client does. */
    private static <T> T get(KafkaFuture<T> future) {
        try {
            return future.toCompletionStage().toCompletableFuture().join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof KafkaException cause ? cause : new KafkaException(e.getCause());
        }
    }

    /** Whether another topic has its name, as far as {@link #requireWell} has seen. */
    boolean isReplaced() {
        return isReplaced;
    }

    String name() {
        return name;
    }

    /** Of one of the lines of a record, by its place. */
    String receipt(int partition, long offset, int part) {
        return id + "." + partition + "." + offset + "." + part;
    }

    int partitions() {
        return partitions;
    }

    /** The settings of a client of this cluster; the caller may add more. */
    Map<String, Object> client() {
        return new HashMap<>(client);
    }

    @Override
    public void close() {
        admin.close(Duration.ofSeconds(1));
    }
}
