using System.CommandLine;
using Seguro.Cli.Output;
using Seguro.Core;
using Seguro.Node.Configuration;
using Seguro.Stores;

namespace Seguro.Cli.Commands.Cluster;

/// <summary><c>seguro cluster window</c>: how many payload bytes the store may hold, and how many it does; changes that while the cluster runs.</summary>
internal static class ClusterWindowCommand
{
    private static readonly Argument<string?> Size = new("SIZE") { Description = "The new window, such as 1GiB; left out, nothing is changed.", Arity = ArgumentArity.ZeroOrOne };

    public static Command Create(Terminal terminal) =>
        new Command("window", "Show how much of the log the cluster's dqlite may hold and does, or change that while it runs: what waits for room goes on at once.")
        {
            Size, AdminTarget.Configuration,
        }.Does(terminal, async (parse, cancel) =>
        {
            NodeConfiguration configuration = AdminTarget.ReadConfiguration(parse);
            long? asked = parse.GetValue(Size) is not { } text ? null
                : Quantity.TryParseSize(text, out long size) ? size
                : throw new SeguroException(ErrorCode.BadValue, $"'{text}' is no size", "Write one such as 512MiB or 1GiB.");
            StoreUrl url = StoreUrl.Parse(configuration.StoreUrl);
            if (asked is { } bytes)
            {
                await using IStore changed = await OpenAsync(url, configuration, cancel);
                if (changed is not IWindowedStore windowed)
                    throw new SeguroException(ErrorCode.Unsupported, $"{url.Engine} has no window that could be changed while it runs", "dqlite has one. That of an etcd store stays as it was made.");
                await windowed.SetWindowAsync(bytes, cancel);
            }
            await using IStore store = await OpenAsync(url, configuration, cancel);
            long? room = await store.ReadRoomAsync(cancel);
            if (parse.GetValue(CommonOptions.Json))
                terminal.Json(new { window = store.Capabilities.Window, room });
            else if (store.Capabilities.Window is { } window)
                terminal.Output.WriteLine($"{ByteSize.Format(window)}, of which {ByteSize.Format(Math.Max(0, window - (room ?? 0)))} are in use.{(asked is null ? "" : " Set storeWindow to it in the members' configurations; their warnings and their trimming go by it from their next start on.")}");
            else
                terminal.Output.WriteLine($"{url.Engine} has no window.");
            return 0;
        });

    private static ValueTask<IStore> OpenAsync(StoreUrl url, NodeConfiguration configuration, CancellationToken cancel) => StoreConnection.OpenAsync(
        url, new StoreOptions { Certificates = configuration.Certificates, AllowUnsafeSettings = configuration.AllowUnsafeSettings, Window = configuration.StoreWindow }, cancel);
}
