using Seguro.Core;
using Seguro.Piers;
using Seguro.Testing;

namespace Seguro.SystemTests;

/// <summary>Import and export by the real program, killed and starved.</summary>
public sealed class ImportTests : IDisposable
{
    private const long MostMemory = 300L << 20;

    private readonly TemporaryFolder _folder = new("import");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("sqlite")]
    [InlineData("rocksdb")]
    [InlineData("lmdb")]
    public async Task An_import_ended_by_kill_goes_on_where_it_was(string engine)
    {
        string pier = MakePier("pier", 200L << 20, 60_000);
        string store = $"{engine}:{_folder["store"]}";
        string[] import = ["pier", "import", pier, "--store", store, "--json"];

        for (int kill = 0; kill < 3; kill++)
        {
            await using SeguroProcess process = SeguroProcess.Start(import);
            await UntilGrowingAsync(_folder["store"], process, (kill + 1) * (20L << 20));
            process.Kill();
        }
        (await SeguroProcess.RunAsync(import)).Ok();
        (await SeguroProcess.RunAsync("pier", "verify", pier, "--store", store)).Ok();
        SeguroProcess.Result verified = (await SeguroProcess.RunAsync("log", "verify", "--store", store, "--json")).Ok();
        using Pier source = Pier.Open(pier, PierAccess.Offline);
        Assert.Equal(source.Info.Last.Value, verified.Json.GetProperty("head").GetUInt64());
        Assert.Equal(ChainOf(source), verified.Json.GetProperty("chain").GetString());
    }

    [Fact]
    public async Task Importing_and_exporting_a_gibibyte_takes_little_memory()
    {
        string pier = MakePier("large", 1L << 30, 400_000);
        string store = $"sqlite:{_folder["large.db"]}";
        await using (SeguroProcess import = SeguroProcess.Start("pier", "import", pier, "--store", store))
        {
            (await import.EndAsync()).Ok();
            Assert.InRange(import.PeakMemory, 1, MostMemory);
        }
        await using SeguroProcess export = SeguroProcess.Start("pier", "export", _folder["out"], "--store", store);
        (await export.EndAsync()).Ok();
        Assert.InRange(export.PeakMemory, 1, MostMemory);
        using Pier source = Pier.Open(pier, PierAccess.Offline);
        using Pier exported = Pier.Open(_folder["out"], PierAccess.Offline);
        Assert.Equal(ChainOf(source), ChainOf(exported));
    }

    [Fact]
    public async Task An_event_of_a_gibibyte_goes_in_and_out_in_little_memory()
    {
        string file = _folder["event"];
        await using (FileStream stream = new(file, FileMode.Create))
        {
            byte[] block = new byte[1 << 20];
            Random random = new(3);
            for (int index = 0; index < 1024; index++)
            {
                random.NextBytes(block);
                await stream.WriteAsync(block, TestContext.Current.CancellationToken);
            }
        }
        string store = $"sqlite:{_folder["event.db"]}";
        (await SeguroProcess.RunAsync("log", "append", file, "--create", "--ship", "~zod", "--store", store)).Ok();
        await using SeguroProcess read = SeguroProcess.Start("log", "read", "1", "--out", _folder["copy"], "--store", store);
        (await read.EndAsync()).Ok();
        Assert.InRange(read.PeakMemory, 1, MostMemory);
        await using FileStream original = File.OpenRead(file);
        await using FileStream copy = File.OpenRead(_folder["copy"]);
        Assert.Equal(
            await System.Security.Cryptography.SHA256.HashDataAsync(original, TestContext.Current.CancellationToken),
            await System.Security.Cryptography.SHA256.HashDataAsync(copy, TestContext.Current.CancellationToken));
    }

    /// <summary>Waits until the store's files have so many bytes, or the process is done.</summary>
    private static async Task UntilGrowingAsync(string path, SeguroProcess process, long bytes)
    {
        using PeriodicTimer timer = new(TimeSpan.FromMilliseconds(5));
        while (SizeOf(path) < bytes && !process.HasExited)
            await timer.WaitForNextTickAsync(TestContext.Current.CancellationToken);
    }

    private static long SizeOf(string path)
    {
        string folder = Path.GetDirectoryName(path)!;
        return new DirectoryInfo(folder).EnumerateFileSystemInfos(Path.GetFileName(path) + "*").Sum(static found => found switch
        {
            FileInfo file => LengthOf(file),
            DirectoryInfo inside => inside.EnumerateFiles("*", new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true }).Sum(LengthOf),
            _ => 0,
        });
    }

    /// <summary>0 where it is gone: SQLite's journal lives for a moment. Both questions are answered by one look.</summary>
    private static long LengthOf(FileInfo file) => file.Exists ? file.Length : 0;

    private string MakePier(string name, long bytes, int events)
    {
        Random random = new(20260);
        byte[] noise = new byte[(int)(bytes / events * 2) + 16];
        random.NextBytes(noise);
        noise.AsSpan(0, 4).Clear();
        using PierWriter writer = PierWriter.Create(_folder[name], new PierIdentity(0, IsFake: true, Life: 5), EventNumber.None, "4.6");
        for (ulong number = 1; number <= (ulong)events; number++)
        {
            BitConverter.TryWriteBytes(noise.AsSpan(4), number);
            writer.Append(new EventNumber(number), noise.AsSpan(0, random.Next(16, noise.Length)));
        }
        writer.Complete();
        return _folder[name];
    }

    private static string ChainOf(Pier pier)
    {
        using ChainHasher hasher = new();
        Chain chain = default;
        foreach (PierEvent read in pier.Read(pier.Info.First, pier.Info.Last))
            chain = hasher.Next(chain, read.Number, read.Payload.Span);
        return chain.ToString();
    }
}
