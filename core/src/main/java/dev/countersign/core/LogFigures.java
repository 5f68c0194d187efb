package dev.countersign.core;

import java.util.Optional;

/**
 * What a log of messages has done since it was opened, and how it stands.
 *
 * @param messages logged since
 * @param files empty where messages are in none
 */
public record LogFigures(GroupCommit.Figures commits, long messages, int rememberedKeys, Optional<Files> files) {

    /**
     * @param lastReceipt 0 where there is no message
     * @param rolls files begun since
     * @param bytes of all files, packed ones too; files that were packed, removed or added show within a minute
     * @param freeBytes of the disk
     */
    public record Files(long lastReceipt, long rolls, long bytes, int count, long freeBytes) {}
}
