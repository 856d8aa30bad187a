"""Lists that once failed, each under the mistake that it found."""

from __future__ import annotations

from typing import Final

from lists import Fault, Operation, Play

FOUND: Final[dict[str, Play]] = {
    "half a journal stayed for ever": Play(25, (
        Operation("match", "advertiser", (Fault("kill", "retailer", 21, 1),)),)),
    "a crash in the destruction of a journal left half of it for ever": Play(17, (
        Operation("match", "retailer", (Fault("kill", "advertiser", 392, 8),), beside=True),
        Operation("match", "retailer", (Fault("mute", "retailer", 129),), beside=True))),
    "what a killed process was about to store stayed in the run's folder": Play(14, (
        Operation("match", "retailer", (Fault("kill", "retailer", 375),)),)),
    "what a killed process was about to store stayed beside the sketches": Play(57, (
        Operation("match", "retailer", (Fault("kill", "retailer", 148, 1),)),)),
    "a clock set back in a run: its reports could never be written": Play(19, (
        Operation("match", "retailer", (
            Fault("cut", "retailer", 177, 5), Fault("kill", "advertiser", 304, 1),
            Fault("clock", "retailer", 210, -200))),)),
    "a disk that refused the journal ended a thread, and the run by an internal error": Play(110, (
        Operation("match", "advertiser", (
            Fault("cut", "retailer", 246, 5), Fault("mute", "advertiser", 278), Fault("kill", "retailer", 381))),
        Operation("match", "advertiser", (Fault("full", "advertiser", 270, 3),)),
        Operation("resume", "retailer", (Fault("kill", "advertiser", 208, 8),)))),
    "a journal written by a clock years ahead was kept for years": Play(118, (
        Operation("match", "advertiser", (Fault("clock", "retailer", 150, 400_000_000),)),)),
    "a journal that the disk refused to open ended a thread": Play(265, (
        Operation("match", "advertiser", (Fault("full", "retailer", 105, 40),)),
        Operation("resume", "retailer", (Fault("twice", "advertiser", 169),)),
        Operation("resume", "retailer", (Fault("kill", "retailer", 42, 8), Fault("kill", "advertiser", 112))))),
    "a disk that refused the ledger ended the thread that answers a caller who comes back": Play(600, (
        Operation("match", "advertiser", (Fault("cut", "advertiser", 199, 15), Fault("full", "retailer", 31, 40))),
        Operation("match", "advertiser", (Fault("mute", "retailer", 174), Fault("cut", "advertiser", 60, 0.5)),
                  beside=True))),
    "a run that was given up kept its receipt, and did not verify": Play(656, (
        Operation("match", "advertiser", (
            Fault("clock", "advertiser", 276, 200), Fault("clock", "advertiser", 115, 900),
            Fault("kill", "advertiser", 322))),
        Operation("match", "retailer", (
            Fault("clock", "advertiser", 129, 900), Fault("clock", "advertiser", 276, -400_000_000),
            Fault("mute", "retailer", 214))),
        Operation("match", "retailer", (
            Fault("delay", "retailer", 130, 5), Fault("mute", "advertiser", 151),
            Fault("full", "advertiser", 223, 40))))),
    "a crash while a log was sealed broke the chain of logs": Play(802, (
        Operation("match", "retailer", (Fault("kill", "advertiser", 339, 1),)),
        Operation("match", "retailer", (
            Fault("mute", "advertiser", 257), Fault("kill", "retailer", 271, 8), Fault("cut", "retailer", 398))))),
    "a run that another one overtook is refused on both sides: its account of the ledgers is old": Play(1138, (
        Operation("match", "retailer", (Fault("delay", "retailer", 336, 5), Fault("mute", "advertiser", 146))),
        Operation("match", "advertiser", (Fault("mute", "advertiser", 280),), beside=True))),
    "a clock far ahead ended its party's patience: it had both receipts, and the peer had not": Play(1880, (
        Operation("match", "retailer", (
            Fault("kill", "retailer", 379), Fault("clock", "retailer", 263, 900))),)),
    "an end that the disk refused kept the contract's turn from other processes": Play(2755, (
        Operation("match", "advertiser", (
            Fault("mute", "retailer", 144), Fault("mute", "advertiser", 188), Fault("full", "retailer", 23, 3))),
        Operation("resume", "advertiser", (Fault("twice", "advertiser", 6), Fault("twice", "retailer", 53))),
        Operation("match", "retailer", (Fault("clock", "advertiser", 7, -400_000_000),)))),
    "who ended alone destroyed the frames that the peer lacked": Play(7484, (
        Operation("match", "retailer", (
            Fault("mute", "advertiser", 347), Fault("kill", "retailer", 320), Fault("delay", "retailer", 293, 5))),
        Operation("resume", "retailer", (
            Fault("delay", "retailer", 381, 0.5), Fault("kill", "advertiser", 204, 1))))),
    "a disk that took neither the table nor the receipt back: the log said failed beside a receipt": Play(323, (
        Operation("match", "advertiser", (Fault("full", "retailer", 323, 3),)),)),
    "the same, some writes later": Play(325, (
        Operation("match", "advertiser", (Fault("full", "retailer", 325, 3),)),)),
}
