using System.CommandLine;
using Seguro.Cli.Commands;
using Seguro.Cli.Commands.Cluster;
using Seguro.Cli.Commands.Cluster.Certificates;
using Seguro.Cli.Commands.Cluster.Keys;
using Seguro.Cli.Commands.Custodies;
using Seguro.Cli.Commands.Harbor;
using Seguro.Cli.Commands.Log;
using Seguro.Cli.Commands.Members;
using Seguro.Cli.Commands.Mirror;
using Seguro.Cli.Commands.Nodes;
using Seguro.Cli.Commands.Nouns;
using Seguro.Cli.Commands.Pier;
using Seguro.Cli.Commands.Ships;
using Seguro.Cli.Commands.Veres;
using Seguro.Cli.Output;

namespace Seguro.Cli;

/// <summary>The <c>seguro</c> command: its verbs, and what is common to them.</summary>
public static class SeguroCommand
{
    /// <summary>Runs one command line.</summary>
    /// <param name="args">The words after <c>seguro</c>.</param>
    /// <param name="terminal">Where it prints and reads.</param>
    /// <param name="cancel">Ends it as Ctrl-C does: cleanly.</param>
    /// <returns>The exit code: 0 ok, 1 failed, 2 usage, 3 refused as unsafe, 4 degraded; 141 where nobody read standard output to its end.</returns>
    public static Task<int> RunAsync(string[] args, Terminal terminal, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(args);
        ArgumentNullException.ThrowIfNull(terminal);
        return RunAsync(Create(terminal), args, terminal, cancel);
    }

    /// <summary>Runs one command line with verbs that were made before, for the same terminal.</summary>
    internal static Task<int> RunAsync(RootCommand root, string[] args, Terminal terminal, CancellationToken cancel) =>
        CommandAction.RunAsync(root, "seguro", args.Length == 0 ? ["--help"] : args, terminal, cancel);

    /// <summary>All verbs.</summary>
    internal static RootCommand Create(Terminal terminal) =>
        new("""
            Seguro keeps an Urbit ship's event log in replicated databases, so that the ship can't be lost.

            Start here:
              seguro demo                                    see it: a real log, three database nodes, one of them killed
              seguro pier inspect PIER                       what is in a pier
              seguro pier import PIER --store sqlite:zod.db  put its log into a store
              seguro mirror PIER --store sqlite:zod.db       keep it there while the ship runs
              seguro log verify --store sqlite:zod.db        every byte of it
              seguro log show 14 --store sqlite:zod.db       what an event says

            Stores: lmdb:PATH  sqlite:PATH  rocksdb:PATH  dqlite://HOST:PORT,HOST:PORT,…  etcd://HOST:PORT,…  postgresql://USER@HOST,HOST/DATABASE
            Exit codes: 0 ok, 1 failed, 2 usage, 3 refused as unsafe, 4 degraded; 141 output closed (| head).
            """)
        {
            CommonOptions.Json,
            DemoCommand.Create(terminal),
            new Command("pier", "Look into a ship's folder, put its log into a store, get it back, compare the two.")
            {
                PierInspectCommand.Create(terminal),
                PierImportCommand.Create(terminal),
                PierExportCommand.Create(terminal),
                PierRestoreCommand.Create(terminal),
                PierVerifyCommand.Create(terminal),
            },
            MirrorCommand.Create(terminal),
            RelayCommand.Create(terminal),
            new Command("harbor", "Back a ship's log up to folders, buckets and servers whose keepers can't read it; prove it, restore it.")
            {
                new Command("key", "The keys of a harbor.") { HarborKeyNewCommand.Create(terminal), HarborKeyAccessCommand.Create(terminal) },
                HarborAttachCommand.Create(terminal),
                HarborBackupCommand.Create(terminal),
                HarborListCommand.Create(terminal),
                HarborVerifyCommand.Create(terminal),
                HarborRestoreCommand.Create(terminal),
                HarborDrillCommand.Create(terminal),
                HarborPruneCommand.Create(terminal),
                HarborRewrapCommand.Create(terminal),
                HarborAccountCommand.Create(terminal),
                HarborOwnerCommand.Create(terminal),
                HarborServeCommand.Create(terminal),
            },
            new Command("custody", "Who computes a ship: see it, let a cluster take it, give it back to a plain pier.")
            {
                CustodyShowCommand.Create(terminal),
                CustodyTakeCommand.Create(terminal),
                CustodyTakeCommand.CreateRelease(terminal),
            },
            new Command("log", "Read, append, verify and trim the log of a ship in a store.")
            {
                LogHeadCommand.Create(terminal),
                LogReadCommand.Create(terminal),
                LogShowCommand.Create(terminal),
                LogAppendCommand.Create(terminal),
                LogTailCommand.Create(terminal),
                LogVerifyCommand.Create(terminal),
                LogTopCommand.Create(terminal),
                LogTrimCommand.Create(terminal),
                LogCopyCommand.Create(terminal),
            },
            new Command("node", "Nodes that hold many ships: one process on each machine, for all of them.")
            {
                NodeInitCommand.Create(terminal),
            },
            new Command("ship", "The ships of nodes that hold many. Compute a ship's events on Seguro's own Nock machine; the terminal of one that runs on a vere.")
            {
                ShipAddCommand.Create(terminal),
                ShipRemoveCommand.Create(terminal),
                ShipListCommand.Create(terminal),
                ShipAttachCommand.Create(terminal),
                ShipBootCommand.Create(terminal),
                ShipReplayCommand.Create(terminal),
            },
            new Command("vere", "The runtime of a ship on a stock vere: try a new one on a copy, go over to it; accept what a replica found.")
            {
                VereRehearseCommand.Create(terminal),
                VereUpgradeCommand.Create(terminal),
                VereAcceptCommand.Create(terminal),
            },
            new Command("noun", "Read and write Urbit's data: jam, cue, mug, text. A noun is text such as [1 ~zod 'text' %term 0xff ~], or a file.")
            {
                NounShowCommand.Create(terminal),
                NounJamCommand.Create(terminal),
                NounCueCommand.Create(terminal),
                NounMugCommand.Create(terminal),
            },
            RunCommand.Create(terminal),
            StatusCommand.Create(terminal),
            new Command("cluster", "Set up a cluster, and change it while it runs.")
            {
                ClusterInitCommand.Create(terminal),
                ClusterListCommand.Create(terminal),
                ClusterOptimismCommand.Create(terminal),
                ClusterWindowCommand.Create(terminal),
                ClusterHistoryCommand.Create(terminal),
                ClusterStepDownCommand.Create(terminal),
                ClusterPauseCommand.CreatePause(terminal),
                ClusterPauseCommand.CreateResume(terminal),
                ClusterJoinCommand.Create(terminal),
                ClusterAddCommand.Create(terminal),
                ClusterLeaveCommand.Create(terminal),
                ClusterLossCommands.PutBack(terminal),
                ClusterLossCommands.AcceptLoss(terminal),
                ClusterRecoverCommand.Create(terminal),
                ClusterMoveCommand.Create(terminal),
                new Command("certificates", "Show when the certificates of a cluster expire, and issue new ones while it runs.")
                {
                    CertificatesShowCommand.Create(terminal),
                    CertificatesRenewCommand.Create(terminal),
                },
                new Command("keys", "Change the keys between members and balancer while they run.")
                {
                    KeysRotateCommand.Create(terminal),
                    KeysRemoveCommand.Create(terminal),
                },
            },
            new Command("member", "Change one member of a cluster, on its own machine.")
            {
                MemberReplaceCommand.Create(terminal),
            },
            DqliteNodeCommand.Create(terminal),
            BalancerCommand.Create(terminal),
            CompletionCommand.Create(terminal),
            ManCommand.Create(terminal),
        };
}
