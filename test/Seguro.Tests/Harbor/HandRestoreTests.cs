using System.Buffers.Binary;
using System.Text.RegularExpressions;
using Seguro.Core;
using Seguro.Testing;
using Seguro.Tests.Cli;
using Seguro.Tests.Repository;

namespace Seguro.Tests.Harbor;

/// <summary>The soul of it: a ship comes back with Debian's <c>age</c> and <c>zstd</c> and the page's own commands, without Seguro.</summary>
public sealed partial class HandRestoreTests
{
    [Fact]
    public async Task A_real_ship_comes_back_by_the_commands_of_the_page_alone()
    {
        using TemporaryFolder folder = new("hand");
        string zod = Path.Combine(SharedData.Path, "zod");
        string target = folder["target"];
        Directory.CreateDirectory(target);
        (await CommandRun.OfAsync("harbor", "key", "new", folder["zod"])).Ok();
        (await CommandRun.OfAsync("harbor", "backup", $"file:{target}", "--key", folder["zod.harbor"], "--store", $"lmdb:{zod}", "--snapshots", zod)).Ok();
        string objects = Directory.GetDirectories(target).Single();
        Assert.DoesNotContain("zod", string.Concat(Directory.EnumerateFiles(objects, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(target, file))), StringComparison.Ordinal);

        string script = Instructions().Match(SourceFiles.Read("docs/harbor-format.md")).Groups["script"].Value;
        Assert.Contains("age -d", script, StringComparison.Ordinal);
        File.Copy(folder["zod.identity"], Path.Combine(objects, "zod.identity"));
        string said = await Tool.RunAsync(["sh", "-ec", $"cd '{objects}'\n{script}"]);
        Assert.StartsWith("ship ~zod\n", said, StringComparison.Ordinal);

        byte[] records = await File.ReadAllBytesAsync(Path.Combine(objects, "log.records"), TestContext.Current.CancellationToken);
        using Seguro.Piers.Pier pier = Seguro.Piers.Pier.Open(zod, Seguro.Piers.PierAccess.Offline);
        int at = 0;
        ulong count = 0;
        foreach (Seguro.Piers.PierEvent real in pier.Read(pier.Info.First, pier.Info.Last))
        {
            Assert.Equal(real.Number.Value, BinaryPrimitives.ReadUInt64LittleEndian(records.AsSpan(at)));
            int length = (int)BinaryPrimitives.ReadUInt64LittleEndian(records.AsSpan(at + 8));
            Assert.True(real.Payload.Span.SequenceEqual(records.AsSpan(at + 16, length)), $"event {real.Number} differs");
            at += 16 + length;
            count++;
        }
        Assert.Equal((records.Length, 925UL), (at, count));

        string jam = await Tool.RunAsync(["sh", "-ec", $"cd '{objects}' && age -d -i zod.identity s/00000000000000000599-599.jam | zstd -dc | sha256sum"]);
        byte[] original = await File.ReadAllBytesAsync(Path.Combine(zod, ".urb", "roc", "599.jam"), TestContext.Current.CancellationToken);
        Assert.StartsWith(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(original)), jam, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_instructions_bring_back_merged_segments_too_and_those_that_a_killed_prune_left_beside_them()
    {
        await using HarborFixture fixture = await HarborFixture.CreateAsync();
        Seguro.Harbor.Targets.IHarborTarget target = fixture.Folder("a");
        for (int i = 0; i < 6; i++)
        {
            await fixture.AppendAsync(5, 300);
            await fixture.BackUpAsync(target);
        }
        string objects = Path.Combine(fixture["a"], fixture.Id);
        string beside = Path.Combine(objects, "e", "00000000000000000006");
        byte[] kept = await File.ReadAllBytesAsync(beside, TestContext.Current.CancellationToken);
        string first = Path.Combine(objects, "e", "00000000000000000001");
        byte[] keptFirst = await File.ReadAllBytesAsync(first, TestContext.Current.CancellationToken);
        File.Copy(fixture.KeyName + ".identity", Path.Combine(objects, "zod.identity"));
        string expected = await Tool.RunAsync(["sh", "-ec", $"cd '{objects}' && for s in e/*; do age -d -i zod.identity $s | zstd -dc; done | sha256sum"]);

        Seguro.Harbor.Reading.HarborReader reader = await fixture.OpenAsync(target);
        Seguro.Harbor.Writing.PrunePlan plan = await Seguro.Harbor.Writing.HarborPrune.PlanAsync(
            reader, await Seguro.Harbor.Reading.HarborVerify.RunAsync(reader, null, null, TimeProvider.System, TestContext.Current.CancellationToken),
            new Seguro.Harbor.Writing.Retention(TimeSpan.FromDays(30)), DateTimeOffset.UtcNow, TestContext.Current.CancellationToken);
        Assert.Equal(1, (await Seguro.Harbor.Writing.HarborPrune.RunAsync(reader, plan, fixture.Host, TimeProvider.System, TestContext.Current.CancellationToken)).Merged);
        await File.WriteAllBytesAsync(beside, kept, TestContext.Current.CancellationToken);
        await File.WriteAllBytesAsync(first, keptFirst, TestContext.Current.CancellationToken);

        string script = Instructions().Matches(SourceFiles.Read("docs/harbor-format.md"))[1].Groups["script"].Value;
        Assert.Contains("m/*", script, StringComparison.Ordinal);
        Assert.Equal(expected, await Tool.RunAsync(["sh", "-ec", $"cd '{objects}'\n{script}\nsha256sum < log.records"]));
    }

    [Fact]
    public async Task What_the_host_keeps_opens_nothing()
    {
        await using HarborFixture fixture = await HarborFixture.CreateAsync();
        await fixture.AppendAsync(20);
        await fixture.BackUpAsync(fixture.Folder("a"));
        string secret = (await File.ReadAllTextAsync(fixture.KeyName + ".harbor", TestContext.Current.CancellationToken))
            .Split('\n')
            .Single(static line => line.StartsWith("# signing-key: ", StringComparison.Ordinal))["# signing-key: ".Length..];
        Assert.DoesNotContain("AGE-SECRET-KEY", await File.ReadAllTextAsync(fixture.KeyName + ".harbor", TestContext.Current.CancellationToken), StringComparison.Ordinal);
        // Its only secret, taken for an identity's, opens nothing either.
        await File.WriteAllTextAsync(fixture["wrong"], Seguro.Harbor.Format.Bech32.Write("age-secret-key-", Convert.FromHexString(secret)).ToUpperInvariant() + "\n", TestContext.Current.CancellationToken);
        InvalidOperationException refused = await Assert.ThrowsAsync<InvalidOperationException>(() => Tool.RunAsync(["age", "-d", "-i", fixture["wrong"], fixture.Segments("a")[0]]));
        Assert.Contains("no identity matched", refused.Message, StringComparison.Ordinal);
    }

    [GeneratedRegex("```\n(?<script>.*?)```", RegexOptions.ExplicitCapture | RegexOptions.Singleline, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Instructions();
}
