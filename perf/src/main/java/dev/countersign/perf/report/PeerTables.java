package dev.countersign.perf.report;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.joining;
import static java.util.stream.Collectors.toList;

import dev.countersign.perf.data.Results.*;
import java.util.LinkedHashMap;
import java.util.List;

/** Countersign and other servers on one disk: a table for each number of connections and of messages in a request. */
record PeerTables(Peers measured) {

    /** On the first screen: each server's rate at the first setting. Empty where only Countersign was measured. */
    List<String> sentence() {
        List<Peer> first = settings().stream().findFirst().orElse(List.of());
        return first.size() < 2
                ? List.of()
                : List.of("Messages/s on this disk, each flushed before its answer, over %s connections. %s."
                        .formatted(
                                first.get(0).connections(),
                                first.stream()
                                        .map(peer -> peer.name() + ": "
                                                + Units.number(peer.perSecond().median()))
                                        .collect(joining("; "))));
    }

    List<Table> tables() {
        return settings().stream().map(PeerTables::table).toList();
    }

    ReportPage.Provenance provenance() {
        return new ReportPage.Provenance(measured.environment());
    }

    private List<List<Peer>> settings() {
        return List.copyOf(measured.peers().stream()
                .collect(groupingBy(PeerTables::setting, LinkedHashMap::new, toList()))
                .values());
    }

    private static String setting(Peer peer) {
        return "%s connections, %s"
                .formatted(
                        peer.connections(),
                        peer.texts() == 1 ? "one message a request" : peer.texts() + " messages a request");
    }

    private static Table table(List<Peer> peers) {
        return new Table(
                setting(peers.get(0)),
                "server, messages/s, to Countersign’s, p99, errors",
                peers.stream()
                        .map(peer -> List.of(
                                peer.name(),
                                peer.perSecond().median(),
                                peer.ratio(),
                                Units.millis(peer.p99()),
                                peer.errors()))
                        .toList());
    }
}
