using CsCheck;
using Seguro.Core;
using Seguro.Piers;
using Seguro.Testing;
using Xunit;

namespace Seguro.Tests.Piers;

/// <summary>The reader beside liblmdb: the same bytes, also while liblmdb writes.</summary>
public sealed class LivePierTests : IDisposable
{
    private readonly TemporaryFolder _folder = new("live");

    [Theory]
    [InlineData("zod")]
    [InlineData("zod-epochs")]
    [InlineData("zod-3.5")]
    public void Reads_what_liblmdb_reads(string name)
    {
        string path = SharedData.CopyPier(name, _folder["pier"]);
        using Pier pier = Pier.Open(path, PierAccess.Offline);
        foreach (EpochInfo epoch in pier.Info.Epochs)
        {
            using LmdbEnvironment environment = LmdbEnvironment.Open(Path.Combine(PierFiles.LogOf(path), $"0i{epoch.Start}"), isAside: true);
            using LmdbTransaction transaction = environment.Begin();
            uint events = transaction.Table(PierMeta.Events, integerKeys: true);
            foreach (PierEvent read in pier.Read(epoch.First, epoch.Last))
                Assert.True(read.Payload.Span.SequenceEqual(transaction.Get(events, read.Number.Value)), $"event {read.Number}");
            Assert.Null(transaction.Get(events, epoch.First.Value - 1));
            Assert.Null(transaction.Get(events, epoch.Last.Value + 1));
        }
    }

    [Fact]
    public void Any_environment_reads_the_same()
    {
        int made = 0;
        Gen.Select(Gen.ULong[1, 1UL << 40], Gen.Int[0, 9000].Array[1, 300], Gen.Int[0, 50], Gen.Int[1, 40]).Sample(
            (first, sizes, trimmed, together) =>
            {
                string folder = Directory.CreateDirectory(_folder[$"any-{made++}"]).FullName;
                using (LmdbEnvironment environment = LmdbEnvironment.Open(folder, isAside: true))
                {
                    for (int done = 0; done < sizes.Length; done += together)
                    {
                        using LmdbTransaction transaction = environment.Begin();
                        uint events = transaction.Table(PierMeta.Events, integerKeys: true);
                        uint meta = transaction.Table(PierMeta.Table, integerKeys: false);
                        transaction.Put(meta, $"key {done % 7}", new byte[done % 5000]);
                        for (int i = done; i < Math.Min(done + together, sizes.Length); i++)
                            transaction.Append(events, first + (ulong)i, PierBuilder.Payload((ulong)i, sizes[i]));
                        for (ulong gone = first; done > 100 && gone < first + (ulong)trimmed; gone++)
                            transaction.Delete(events, gone);
                        transaction.Commit();
                    }
                }
                int missing = sizes.Length > 101 && (sizes.Length - 1) / together * together > 100 ? trimmed : 0;
                using LmdbFile file = LmdbFile.Open(LmdbEnvironment.FileOf(folder));
                EventSurvey survey = new(file.Path, 0);
                LmdbAudit.Check(file, file.ReadSnapshot(), survey);
                Assert.Equal((first + (ulong)missing, (ulong)(sizes.Length - missing)), (survey.First, survey.Count));
                int at = missing;
                foreach (PierPiece piece in new EventReader(file).ReadPieces(survey.First, survey.Last, int.MaxValue))
                    Assert.True(piece.Bytes.Span.SequenceEqual(PierBuilder.Payload((ulong)at, sizes[at++])));
                Assert.Equal(sizes.Length, at);
                Directory.Delete(folder, recursive: true);
            },
            iter: 60,
            threads: 1);
    }

    [Fact]
    public async Task Reads_a_contiguous_log_while_another_thread_writes()
    {
        string path = PierBuilder.Epochs(_folder["pier"], [3], (0, "2", 1, 50));
        using CancellationTokenSource stop = new();
        Task writing = Task.Factory.StartNew(
            () =>
            {
                using LmdbEnvironment environment = LmdbEnvironment.Open(Path.Combine(PierFiles.LogOf(path), "0i0"), isAside: true);
                for (ulong number = 51; number <= 3000 || !stop.IsCancellationRequested; number++)
                {
                    using LmdbTransaction transaction = environment.Begin();
                    transaction.Append(transaction.Table(PierMeta.Events, integerKeys: true), number, PierBuilder.Payload(number, PierBuilder.SizeOf(number)));
                    transaction.Put(transaction.Table(PierMeta.Table, integerKeys: false), "churn", new byte[number % 3000]); // frees pages, which are used again
                    transaction.Commit();
                    if (number > 20_000)
                        return;
                }
            },
            TestContext.Current.CancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        using (Pier pier = Pier.Open(path, PierAccess.Live))
        {
            ulong seen = 0;
            while (seen < 3000 && !writing.IsFaulted)
            {
                seen = pier.ReadLast().Value;
                ulong next = 1;
                foreach (PierPiece piece in pier.ReadPieces(new(1), new(seen), 3000))
                {
                    byte[] expected = PierBuilder.Payload(next, PierBuilder.SizeOf(next));
                    Assert.True(piece.Bytes.Span.SequenceEqual(expected.AsSpan((int)piece.Offset, piece.Bytes.Length)), $"event {next}");
                    next += piece.IsLast ? 1UL : 0;
                }
                Assert.Equal(seen + 1, next);
            }
        }
        await stop.CancelAsync();
        await writing;
    }

    [Fact]
    public void Reads_on_read_only_media_and_leaves_nothing()
    {
        string path = SharedData.CopyPier("zod-epochs", _folder["pier"]);
        foreach (string folder in Directory.EnumerateDirectories(path, "*", SearchOption.AllDirectories).Append(path))
            File.SetUnixFileMode(folder, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        string[] before = [.. Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];
        using (Pier pier = Pier.Open(path, PierAccess.Offline))
            Assert.Equal(2074, pier.Read(pier.Info.First, pier.Info.Last).Count());
        Assert.Equal(before, Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal));
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    public void Dispose() => _folder.Dispose();
}
