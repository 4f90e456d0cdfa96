/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <SoapySDR/Device.hpp>
#include <SoapySDR/Formats.hpp>
#include <SoapySDR/Registry.hpp>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <stdexcept>
#include <vector>

extern "C" {
#include "fake.h"
}

/* A SoapySDR driver for tests, "driver=fake": what fake.h says, as CS8 in real time, with timestamps (of the air) unless it says
 * no. */
namespace
{

class Fake : public SoapySDR::Device
{
  public:
    Fake() : fake(fake_get(nullptr))
    {
        if (!fake_open(fake))
            throw std::runtime_error("no such device");
        held.reserve(2 * samples_most); /* not only when something is lost: the soak looks at what is allocated */
    }

    std::string getDriverKey() const override
    {
        return "fake";
    }
    std::string getHardwareKey() const override
    {
        return "fake radio";
    }
    size_t getNumChannels(const int direction) const override
    {
        return direction == SOAPY_SDR_RX ? 1 : 0;
    }

    std::vector<std::string> getStreamFormats(const int, const size_t) const override
    {
        return {SOAPY_SDR_CS8, SOAPY_SDR_CS16, SOAPY_SDR_CF32};
    }

    std::string getNativeStreamFormat(const int, const size_t, double &full_scale) const override
    {
        full_scale = 128;
        return SOAPY_SDR_CS8;
    }

    SoapySDR::Stream *setupStream(const int, const std::string &format, const std::vector<size_t> &,
                                  const SoapySDR::Kwargs &) override
    {
        if (format != SOAPY_SDR_CS8)
            throw std::runtime_error("only CS8");
        return reinterpret_cast<SoapySDR::Stream *>(this);
    }

    void closeStream(SoapySDR::Stream *) override
    {
    }

    int activateStream(SoapySDR::Stream *, const int, const long long, const size_t) override
    {
        fake_start(fake, rate);
        return 0;
    }

    int deactivateStream(SoapySDR::Stream *, const int, const long long) override
    {
        return 0;
    }

    int readStream(SoapySDR::Stream *, void *const *buffers, const size_t wanted, int &flags, long long &time_ns,
                   const long) override
    {
        auto *bytes = static_cast<unsigned char *>(buffers[0]);
        size_t len = 2 * (wanted < samples_most ? wanted : samples_most);
        fake_buffer buffer;
        fake_kind kind;

        if (overflowed) { /* the one after what is missing */
            overflowed = false;
            std::memcpy(bytes, held.data(), held.size());
            flags = held_flags;
            time_ns = held_ns;
            return static_cast<int>(held.size() / 2);
        }
        kind = fake_read(fake, bytes, &len, &buffer);
        if (kind == FAKE_HANG)
            fake_hang(fake);
        if (kind == FAKE_UNPLUG)
            return SOAPY_SDR_STREAM_ERROR;
        if (kind == FAKE_CORRUPT)
            return static_cast<int>(wanted + 1);
        flags = buffer.timed ? SOAPY_SDR_HAS_TIME : 0;
        time_ns = static_cast<long long>(static_cast<double>(buffer.air) * 1e9 / rate);
        if (len == 0)
            return SOAPY_SDR_TIMEOUT;
        const size_t zeros = kind == FAKE_ZEROS ? len / 4 : kind == FAKE_CONSTANT ? len : 0;
        to_signed(bytes + zeros, len - zeros);
        if (kind == FAKE_OVERFLOW) {
            overflowed = true;
            held.assign(bytes, bytes + len);
            held_flags = flags;
            held_ns = time_ns;
            return SOAPY_SDR_OVERFLOW;
        }
        return static_cast<int>(len / 2);
    }

    bool hasGainMode(const int, const size_t) const override
    {
        return false;
    }
    std::vector<std::string> listGains(const int, const size_t) const override
    {
        return {"LNA"};
    }
    SoapySDR::Range getGainRange(const int, const size_t) const override
    {
        return {0, 40, 1};
    }
    SoapySDR::Range getGainRange(const int, const size_t, const std::string &) const override
    {
        return {0, 40, 1};
    }
    void setGain(const int, const size_t, const double value) override
    {
        fake_log(fake, "gain", value);
    }
    void setGain(const int, const size_t, const std::string &, const double value) override
    {
        fake_log(fake, "gain", value);
    }
    void setFrequency(const int, const size_t, const double hz, const SoapySDR::Kwargs &) override
    {
        fake_log(fake, "frequency", hz);
    }

    void setSampleRate(const int, const size_t, const double hz) override
    {
        fake_log(fake, "rate", hz);
        rate = hz;
    }

    double getSampleRate(const int, const size_t) const override
    {
        return rate;
    }
    SoapySDR::RangeList getSampleRateRange(const int, const size_t) const override
    {
        return {{1e6, 20e6, 0}};
    }

  private:
    static void to_signed(unsigned char *bytes, size_t len)
    {
        for (size_t i = 0; i < len; i++)
            bytes[i] ^= 0x80;
    }

    static constexpr size_t samples_most = 16384; /* in a buffer */
    struct fake *fake;
    /* SoapySDR hands out the same object again while a thread still hangs in it */
    std::atomic<double> rate{2e6};
    bool overflowed = false;
    std::vector<unsigned char> held;
    int held_flags = 0;
    long long held_ns = 0;
};

SoapySDR::KwargsList find(const SoapySDR::Kwargs &args)
{
    if (args.count("driver") && args.at("driver") != "fake")
        return {};
    if (!std::getenv("UHD_LOG_CONSOLE_LEVEL")) /* as UHD greets */
        std::cerr << "[INFO] [UHD] linux" << std::endl;
    return {{{"driver", "fake"}, {"label", "Fake radio"}, {"serial", fake_serial(fake_get(nullptr))}}};
}

SoapySDR::Device *make(const SoapySDR::Kwargs &)
{
    return new Fake();
}

SoapySDR::Registry registration("fake", &find, &make, SOAPY_SDR_ABI_VERSION);

} // namespace
